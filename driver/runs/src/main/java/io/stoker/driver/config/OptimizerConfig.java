// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.StepSettings.Momentum;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The step that each worker takes.
 *
 * @param kind stochastic gradient descent or AdamW
 * @param learningRate the base rate, per mean gradient of a worker's batch
 * @param schedule how the rate moves
 * @param biasRate by how much biases learn faster than weights; 2 in the AlexNet paper's code
 * @param layerRates further factors on the rate of single layers, each a layer as {@code stoker
 *     models} prints it, or its number
 * @param scaleRate the factor on the rate of the scales of normalizations; 0 keeps them at 1
 * @param momentum the velocity's retention, 0 to below 1; of AdamW, the first moment's
 * @param secondMomentum of AdamW, the second moment's retention
 * @param epsilon of AdamW, what bounds the step where the second moment is small
 * @param nesterov whether the momentum is Nesterov's
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm of a gradient, 0 for no bound
 */
public record OptimizerConfig(
    WorkerOptimizer kind,
    double learningRate,
    LearningRateSchedule schedule,
    double biasRate,
    Map<String, Double> layerRates,
    double scaleRate,
    double momentum,
    double secondMomentum,
    double epsilon,
    boolean nesterov,
    double weightDecay,
    double clipNorm)
    implements Serializable {
  public OptimizerConfig {
    Check.input(
        kind == WorkerOptimizer.SGD || !nesterov,
        "Invalid optimizer: adamw has no Nesterov momentum (leave out --nesterov; where a preset has it, say --nesterov=false)");
    Check.input(
        momentum > 0 || !nesterov,
        "Invalid momentum: 0 (must be > 0 with --nesterov, which looks ahead along it)");
    layerRates = Collections.unmodifiableMap(new TreeMap<>(layerRates));
    layerRates.forEach((layer, rate) -> Fp32.require(rate, "rate of layer " + layer));
  }

  /** How many vectors the updater state has, each as long as the parameters. */
  public int stateVectors() {
    return step(1, 0).stateVectors();
  }

  /**
   * The settings of a step.
   *
   * @param rate the learning rate
   * @param taken how many steps the moments of AdamW have seen before
   */
  StepSettings step(double rate, long taken) {
    return new StepSettings(
        (float) rate,
        (float) momentum,
        nesterov ? Momentum.NESTEROV : Momentum.CLASSICAL,
        (float) weightDecay,
        clipNorm == 0 ? StepSettings.UNCLIPPED : (float) clipNorm,
        switch (kind) {
          case SGD -> StepSettings.Adam.NONE;
          case ADAMW -> new StepSettings.Adam((float) secondMomentum, (float) epsilon, taken + 1);
        });
  }
}
