// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.base.PhaseClock;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.round.RoundListener;
import io.stoker.models.file.TrainingClock;

/**
 * Tells a clock when a phase of training ends: what is before the first round, it, and the others.
 */
final class TrainingPhases implements RoundListener {
  private final PhaseClock clock;
  private boolean first = true;

  TrainingPhases(PhaseClock clock) {
    this.clock = clock;
  }

  @Override
  public void started(JobPlan plan, TrainingClock done) {
    clock.end("check the job, open the data");
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    if (first) {
      clock.end("first round");
      first = false;
    }
  }

  @Override
  public void ended(TrainingClock done) {
    clock.end("other rounds");
  }
}
