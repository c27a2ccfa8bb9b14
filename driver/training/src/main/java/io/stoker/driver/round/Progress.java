// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.models.file.TrainingClock;

/**
 * What one call of the training loop has done so far.
 *
 * @param clock how far the job is
 * @param examples examples of this call
 * @param loss the last round's; NaN before the first
 * @param accuracy the last round's; NaN before the first
 * @param seconds time of this call
 */
record Progress(
    TrainingClock clock, long examples, double loss, double accuracy, PhaseSeconds seconds) {
  static Progress from(TrainingClock clock) {
    return new Progress(clock, 0, Double.NaN, Double.NaN, PhaseSeconds.ZERO);
  }

  Progress after(TrainingClock later, RoundMetrics round) {
    return new Progress(
        later,
        examples + round.examples(),
        round.loss(),
        round.accuracy(),
        seconds.plus(round.seconds()));
  }

  /** Adds the time of the last checkpoint, which is in no round's metrics. */
  Progress afterCheckpoint(PhaseSeconds last) {
    return new Progress(clock, examples, loss, accuracy, seconds.plus(last));
  }
}
