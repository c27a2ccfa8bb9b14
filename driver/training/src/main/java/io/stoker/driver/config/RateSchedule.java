// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.StepSettings.Momentum;
import io.stoker.worker.sgd.StepSchedule;
import java.util.List;
import java.util.Optional;

/**
 * A config's settings of every step.
 *
 * @param schedule how the rate moves
 * @param learningRate the base rate
 * @param momentum the velocity's retention
 * @param kind how the velocity changes the parameters
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest norm of a gradient
 * @param labelSmoothing what each example's class gives away
 * @param weights how much the examples of each class count; of no classes if all count the same
 * @param stepsPerEpoch the steps of an epoch
 */
public record RateSchedule(
    LearningRateSchedule schedule,
    double learningRate,
    double momentum,
    Momentum kind,
    double weightDecay,
    float clipNorm,
    float labelSmoothing,
    ClassWeights weights,
    long stepsPerEpoch)
    implements StepSchedule {
  private static final ClassWeights EQUAL = new ClassWeights(List.of());

  /**
   * The settings that a config says.
   *
   * @param config the config
   * @param weights the class weights for the job's data
   * @param stepsPerEpoch the steps of an epoch
   */
  public static RateSchedule of(
      TrainingConfig config, Optional<ClassWeights> weights, long stepsPerEpoch) {
    OptimizerConfig optimizer = config.optimizer();
    return new RateSchedule(
        optimizer.schedule(),
        optimizer.learningRate(),
        optimizer.momentum(),
        optimizer.kind(),
        optimizer.weightDecay(),
        optimizer.clipNorm() == 0 ? StepSettings.UNCLIPPED : (float) optimizer.clipNorm(),
        (float) config.loss().labelSmoothing(),
        weights.orElse(EQUAL),
        stepsPerEpoch);
  }

  /**
   * The settings of the steps after some epochs.
   *
   * @param losses the loss of each of these epochs, from the first
   */
  public RateSchedule after(List<Double> losses) {
    return new RateSchedule(
        schedule,
        learningRate * schedule.reduction(losses),
        momentum,
        kind,
        weightDecay,
        clipNorm,
        labelSmoothing,
        weights,
        stepsPerEpoch);
  }

  @Override
  public Optional<ClassWeights> classWeights() {
    return weights.values().isEmpty() ? Optional.empty() : Optional.of(weights);
  }

  @Override
  public StepSettings at(long step) {
    return new StepSettings(
        (float) (learningRate * schedule.factor(step, stepsPerEpoch)),
        (float) momentum,
        kind,
        (float) weightDecay,
        clipNorm);
  }
}
