// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the time of a command goes: the wall time and the processor time of each of its phases,
 * which follow each other without gaps. Not for several threads.
 */
public final class PhaseClock {
  private static final double NANOSECONDS = 1e9;

  private final List<Phase> phases = new ArrayList<>();
  private long begun;
  private double processorBegun;

  /**
   * A phase that has ended.
   *
   * @param phase its name
   * @param seconds of wall time
   * @param processorSeconds that this process took of all processors
   */
  public record Phase(String phase, double seconds, double processorSeconds) {}

  private PhaseClock(long begun, double processorBegun) {
    this.begun = begun;
    this.processorBegun = processorBegun;
  }

  /** A clock whose first phase begins now. */
  public static PhaseClock ofNow() {
    return new PhaseClock(System.nanoTime(), processorSeconds());
  }

  /**
   * A clock whose first phase began with this process. A script that replaces itself by Java is the
   * same process.
   */
  public static PhaseClock ofProcess() {
    Duration age =
        ProcessHandle.current()
            .info()
            .startInstant()
            .map(start -> Duration.between(start, Instant.now()))
            .orElse(Duration.ZERO);
    return new PhaseClock(System.nanoTime() - age.toNanos(), 0);
  }

  /** Ends the phase that began when the last one ended. */
  public void end(String phase) {
    long now = System.nanoTime();
    double processorNow = processorSeconds();
    phases.add(new Phase(phase, (now - begun) / NANOSECONDS, processorNow - processorBegun));
    begun = now;
    processorBegun = processorNow;
  }

  /** The phases that have ended, in their order. */
  public List<Phase> phases() {
    return List.copyOf(phases);
  }

  /** The processor time of this process so far; 0 if the system does not tell. */
  private static double processorSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos()
        / NANOSECONDS;
  }
}
