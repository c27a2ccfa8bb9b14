// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How long a job will still take if its rounds go on as they went: their mean by the wall clock, in
 * which checkpoints and validations count. The first round is left out as soon as there are others,
 * because Java compiles and executors build networks in it.
 */
final class RemainingTime {
  private final long rounds;
  private final LongSupplier nanoseconds;
  private final long begun;
  private long firstDone;
  private long lastDone;
  private long done;

  /**
   * @param rounds how many are to be done
   * @param nanoseconds a clock, as {@link System#nanoTime}
   */
  RemainingTime(long rounds, LongSupplier nanoseconds) {
    this.rounds = rounds;
    this.nanoseconds = nanoseconds;
    this.begun = nanoseconds.getAsLong();
  }

  void roundFinished() {
    done++;
    lastDone = nanoseconds.getAsLong();
    if (done == 1) {
      firstDone = lastDone;
    }
  }

  /** The estimate; zero before the first round. */
  Duration estimate() {
    double perRound =
        switch ((int) Math.min(done, 2)) {
          case 0 -> 0;
          case 1 -> firstDone - begun;
          default -> (lastDone - firstDone) / (double) (done - 1);
        };
    return Duration.ofNanos((long) (perRound * (rounds - done)));
  }

  /** The estimate as {@code 45 s}, {@code 3 min 20 s} or {@code 12 h 5 min}. */
  String text() {
    Duration time = estimate();
    if (time.toHours() > 0) {
      return String.format(Locale.ROOT, "%d h %d min", time.toHours(), time.toMinutesPart());
    }
    return time.toMinutes() > 0
        ? String.format(Locale.ROOT, "%d min %d s", time.toMinutes(), time.toSecondsPart())
        : String.format(Locale.ROOT, "%d s", time.toSeconds());
  }
}
