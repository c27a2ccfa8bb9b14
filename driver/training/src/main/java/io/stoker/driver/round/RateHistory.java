// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.config.ConfiguredSteps;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.metrics.EpochLosses;
import io.stoker.driver.metrics.RoundMetrics;

/**
 * The settings of each epoch's steps. A plateau schedule depends on earlier epochs: on a metric of
 * their validations where the job has some, else on the losses of training, which this listener
 * collects.
 */
final class RateHistory implements RoundListener {
  private final TrainingRun run;
  private final EpochLosses training;
  private final Validation validation;

  /**
   * @param run the job
   * @param training the training losses of rounds that an earlier run did
   * @param validation the validations so far
   */
  RateHistory(TrainingRun run, EpochLosses training, Validation validation) {
    this.run = run;
    this.training = training;
    this.validation = validation;
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    training.add(metrics);
  }

  /**
   * The settings of an epoch's steps.
   *
   * @param epoch from 0; all rounds of the epochs before must be done
   */
  ConfiguredSteps of(int epoch) {
    return run.schedule(
        run.watchesValidation() ? validation.shortfallsBefore(epoch) : training.before(epoch));
  }
}
