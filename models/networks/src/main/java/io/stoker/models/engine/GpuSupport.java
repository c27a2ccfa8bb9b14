// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

/**
 * The graphics cards for which an engine has code. To answer, an engine needs neither a GPU nor a
 * driver, and starts nothing: on a GPU without code, starting CUDA can end the process.
 */
public interface GpuSupport {
  /** Whether this build of Stoker contains that code. */
  boolean isInThisBuild();

  /**
   * What a user has to do to get a build that contains the code, as an instruction, such as {@code
   * build Stoker with ...}.
   */
  String buildInstruction();

  /** Whether the code runs on a GPU. */
  boolean covers(Gpu gpu);

  /** The GPUs on which the code runs, such as {@code compute capability 3.7 to 8.9}. */
  String range();

  /** What a machine needs besides a GPU, such as a driver. */
  String requirements();
}
