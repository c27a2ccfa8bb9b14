// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

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
 * @param momentum the velocity's retention, 0 to below 1
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm of a gradient, 0 for no bound
 */
public record OptimizerConfig(
    double learningRate,
    LearningRateSchedule schedule,
    double biasRate,
    Map<String, Double> layerRates,
    double momentum,
    double weightDecay,
    double clipNorm) {
  public OptimizerConfig {
    layerRates = Collections.unmodifiableMap(new TreeMap<>(layerRates));
    layerRates.forEach((layer, rate) -> Fp32.require(rate, "rate of layer " + layer));
  }
}
