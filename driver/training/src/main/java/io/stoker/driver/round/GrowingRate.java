// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.config.ConfiguredSteps;
import io.stoker.driver.job.JobPlan;
import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.StepSettings;
import io.stoker.worker.sgd.StepSchedule;
import java.util.Arrays;
import java.util.Optional;

/** A job's settings of every step, but for the rate, which is constant in a round and grows. */
final class GrowingRate implements StepSchedule {
  private static final long serialVersionUID = 1;

  private final ConfiguredSteps job;
  private final long[] firstSteps;
  private final double[] rates;

  /**
   * @param job the settings of the job
   * @param plan where its rounds begin
   * @param range the rate of each round
   */
  GrowingRate(ConfiguredSteps job, JobPlan plan, RateRange range) {
    this.job = job;
    this.firstSteps = new long[range.rounds()];
    this.rates = new double[range.rounds()];
    for (int round = 0; round < range.rounds(); round++) {
      firstSteps[round] = plan.round(round).globalStep();
      rates[round] = range.rate(round);
    }
  }

  @Override
  public StepSettings at(long step) {
    return withRate(job.at(step), step);
  }

  @Override
  public StepSettings at(long step, int ofRound) {
    return withRate(job.at(step, ofRound), step);
  }

  private StepSettings withRate(StepSettings settings, long step) {
    int found = Arrays.binarySearch(firstSteps, step);
    int round = found >= 0 ? found : -found - 2;
    return new StepSettings(
        (float) rates[round],
        settings.momentum(),
        settings.kind(),
        settings.weightDecay(),
        settings.clipNorm(),
        settings.adam());
  }

  @Override
  public float labelSmoothing() {
    return job.labelSmoothing();
  }

  @Override
  public Optional<ClassWeights> classWeights() {
    return job.classWeights();
  }
}
