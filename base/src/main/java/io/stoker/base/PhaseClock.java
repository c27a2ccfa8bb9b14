// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /** The number of the field of {@code /proc/self/stat} that says when the process started. */
  private static final int START_TICKS = 22;

  private static final double TICKS_PER_SECOND = 100;

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
    return new PhaseClock(System.nanoTime() - age().toNanos(), 0);
  }

  /**
   * How long ago this process started. Linux counts both in hundredths of a second since it booted;
   * Java's start of a process is as exact as the second in which the machine booted.
   */
  private static Duration age() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      // The second field, in parentheses, is the program's name, which may have blanks.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      double started = Long.parseLong(fields[START_TICKS - 3]) / TICKS_PER_SECOND;
      double now = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0]);
      return Duration.ofMillis(Math.max(0, Math.round(1000 * (now - started))));
    } catch (IOException e) {
      return ProcessHandle.current()
          .info()
          .startInstant()
          .map(start -> Duration.between(start, Instant.now()))
          .orElse(Duration.ZERO);
    }
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
