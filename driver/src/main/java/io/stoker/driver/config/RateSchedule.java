package io.stoker.driver.config;

import io.stoker.models.engine.StepSettings;
import io.stoker.worker.sgd.StepSchedule;
import java.util.List;

/**
 * A config's settings of every step.
 *
 * @param schedule how the rate moves
 * @param learningRate the base rate
 * @param momentum the velocity's retention
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest norm of a gradient
 * @param labelSmoothing what each example's class gives away
 * @param stepsPerEpoch the steps of an epoch
 */
public record RateSchedule(
    LearningRateSchedule schedule,
    double learningRate,
    double momentum,
    double weightDecay,
    float clipNorm,
    float labelSmoothing,
    long stepsPerEpoch)
    implements StepSchedule {
  /** Those of a config whose epochs have so many steps. */
  public static RateSchedule of(TrainingConfig config, long stepsPerEpoch) {
    OptimizerConfig optimizer = config.optimizer();
    return new RateSchedule(
        optimizer.schedule(),
        optimizer.learningRate(),
        optimizer.momentum(),
        optimizer.weightDecay(),
        optimizer.clipNorm() == 0 ? StepSettings.UNCLIPPED : (float) optimizer.clipNorm(),
        (float) config.loss().labelSmoothing(),
        stepsPerEpoch);
  }

  /**
   * The settings of the steps behind some epochs.
   *
   * @param losses the loss of each of these epochs, from the first
   */
  public RateSchedule after(List<Double> losses) {
    return new RateSchedule(
        schedule,
        learningRate * schedule.reduction(losses),
        momentum,
        weightDecay,
        clipNorm,
        labelSmoothing,
        stepsPerEpoch);
  }

  @Override
  public StepSettings at(long step) {
    return new StepSettings(
        (float) (learningRate * schedule.factor(step, stepsPerEpoch)),
        (float) momentum,
        (float) weightDecay,
        clipNorm);
  }
}
