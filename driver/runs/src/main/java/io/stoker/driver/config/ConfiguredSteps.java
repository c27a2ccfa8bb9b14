// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.StepSettings;
import io.stoker.worker.sgd.StepSchedule;
import java.util.List;
import java.util.Optional;

/**
 * The settings of each step that a config says: the optimizer at the rate of its schedule, and the
 * loss.
 *
 * @param optimizer the workers' step, with the schedule
 * @param learningRate the base rate, which losses may have reduced
 * @param updaterState whether the moments of AdamW go on from round to round
 * @param labelSmoothing what each example's class gives away
 * @param weights how much the examples of each class count; of no classes if all count the same
 * @param stepsPerEpoch the steps of an epoch
 */
public record ConfiguredSteps(
    OptimizerConfig optimizer,
    double learningRate,
    UpdaterState updaterState,
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
  public static ConfiguredSteps of(
      TrainingConfig config, Optional<ClassWeights> weights, long stepsPerEpoch) {
    return new ConfiguredSteps(
        config.optimizer(),
        config.optimizer().learningRate(),
        config.averaging().updaterState(),
        (float) config.loss().labelSmoothing(),
        weights.orElse(EQUAL),
        stepsPerEpoch);
  }

  /**
   * The settings of the steps after some epochs.
   *
   * @param losses the loss of each of these epochs, from the first
   */
  public ConfiguredSteps after(List<Double> losses) {
    return new ConfiguredSteps(
        optimizer,
        learningRate * optimizer.schedule().reduction(losses),
        updaterState,
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
    return at(step, step);
  }

  /** Moments that each round sets to zero have seen the steps of their round only. */
  @Override
  public StepSettings at(long step, int ofRound) {
    return at(step, updaterState == UpdaterState.RESET ? ofRound : step);
  }

  private StepSettings at(long step, long taken) {
    return optimizer.step(learningRate * optimizer.schedule().factor(step, stepsPerEpoch), taken);
  }
}
