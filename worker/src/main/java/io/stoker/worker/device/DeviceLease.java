// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

/** A task's exclusive use of a GPU until {@link #close}; or of no GPU, for a processor. */
public final class DeviceLease implements AutoCloseable {
  /** For a task that computes on the processor. */
  public static final DeviceLease PROCESSOR = new DeviceLease("processor", () -> {});

  private final String device;
  private final Runnable end;

  DeviceLease(String device, Runnable end) {
    this.device = device;
    this.end = end;
  }

  /** The device's name, which no other device of this process has. */
  public String device() {
    return device;
  }

  /** Returns the GPU; a second call does nothing. */
  @Override
  public void close() {
    end.run();
  }
}
