// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import io.stoker.models.engine.StepSettings.Momentum;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The step of stochastic gradient descent that each worker takes.
 *
 * @param learningRate the base rate, per mean gradient of a worker's batch
 * @param schedule how the rate moves
 * @param biasRate by how much biases learn faster than weights; 2 in the AlexNet paper's code
 * @param layerRates further factors on the rate of single layers, each a layer as {@code stoker
 *     models} prints it, or its number
 * @param scaleRate the factor on the rate of the scales of normalizations; 0 keeps them at 1
 * @param momentum the velocity's retention, 0 to below 1
 * @param nesterov whether the momentum is Nesterov's
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm of a gradient, 0 for no bound
 */
public record OptimizerConfig(
    double learningRate,
    LearningRateSchedule schedule,
    double biasRate,
    Map<String, Double> layerRates,
    double scaleRate,
    double momentum,
    boolean nesterov,
    double weightDecay,
    double clipNorm) {
  public OptimizerConfig {
    Check.input(
        momentum > 0 || !nesterov,
        "Invalid momentum: 0 (must be > 0 with --nesterov, which looks ahead along it)");
    layerRates = Collections.unmodifiableMap(new TreeMap<>(layerRates));
    layerRates.forEach((layer, rate) -> Fp32.require(rate, "rate of layer " + layer));
  }

  /** How the velocity changes the parameters. */
  Momentum kind() {
    return nesterov ? Momentum.NESTEROV : Momentum.CLASSICAL;
  }
}
