// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundNumber;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Where a job's time goes. What the job waits for between two stages, a checkpoint or slots for all
 * workers, counts as time of the next round.
 */
final class RoundTimer {
  private double checkpoint;
  private double slots;

  /** Waits for a checkpoint, and returns what it returns. */
  <T> T waitingForCheckpoint(Supplier<T> wait) {
    long start = System.nanoTime();
    try {
      return wait.get();
    } finally {
      checkpoint += secondsSince(start);
    }
  }

  /** Waits for slots. */
  void waitingForSlots(Runnable wait) {
    long start = System.nanoTime();
    wait.run();
    slots += secondsSince(start);
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** The seconds of a round that executors do not know. */
  Map<RoundNumber, Double> of(RoundReport report) {
    Map<RoundNumber, Double> seconds =
        Map.of(
            RoundNumber.CHECKPOINT,
            checkpoint,
            RoundNumber.TOTAL,
            report.seconds() + checkpoint + slots);
    checkpoint = 0;
    slots = 0;
    return seconds;
  }

  /** What the job has waited for since the last round: the last checkpoint. */
  PhaseSeconds afterLastRound() {
    return new PhaseSeconds(0, 0, 0, 0, 0, checkpoint, checkpoint);
  }
}
