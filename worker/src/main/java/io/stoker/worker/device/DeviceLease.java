package io.stoker.worker.device;

/** A card that one task has alone, until {@link #close}; or none, for one that needs no card. */
public final class DeviceLease implements AutoCloseable {
  /** For a task that computes on the processor. */
  public static final DeviceLease PROCESSOR = new DeviceLease("processor", () -> {});

  private final String device;
  private final Runnable end;

  DeviceLease(String device, Runnable end) {
    this.device = device;
    this.end = end;
  }

  /** What tells the device from the others of this process. */
  public String device() {
    return device;
  }

  /** Gives the card back; a second call does nothing. */
  @Override
  public void close() {
    end.run();
  }
}
