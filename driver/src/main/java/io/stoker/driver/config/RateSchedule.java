package io.stoker.driver.config;

import io.stoker.models.engine.StepSettings;
import io.stoker.worker.sgd.StepSchedule;

/**
 * A config's settings of every step.
 *
 * @param schedule how the rate moves
 * @param learningRate the base rate
 * @param momentum the velocity's retention
 * @param weightDecay the L2 factor on weights
 * @param stepsPerEpoch the steps of an epoch
 */
public record RateSchedule(
    LearningRateSchedule schedule,
    double learningRate,
    double momentum,
    double weightDecay,
    long stepsPerEpoch)
    implements StepSchedule {
  /** Those of a config whose epochs have so many steps. */
  public static RateSchedule of(TrainingConfig config, long stepsPerEpoch) {
    return new RateSchedule(
        config.schedule(),
        config.learningRate(),
        config.momentum(),
        config.weightDecay(),
        stepsPerEpoch);
  }

  @Override
  public StepSettings at(long step) {
    return new StepSettings(
        (float) (learningRate * schedule.factor(step, stepsPerEpoch)),
        (float) momentum,
        (float) weightDecay);
  }
}
