// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

/**
 * The graphics cards on which an engine computes in this process. They have the driver's numbers:
 * from 0, and only GPUs that the process may see.
 */
public interface Devices {
  /** The number of GPUs. */
  int count();

  /**
   * Describes a GPU.
   *
   * @param device 0 to below {@link #count()}
   */
  Gpu gpu(int device);

  /**
   * Makes the calling thread compute on a GPU from now on. Networks that the thread creates have
   * their memory there; a thread that computes on another GPU must not use them.
   *
   * @param device 0 to below {@link #count()}
   */
  void bind(int device);
}
