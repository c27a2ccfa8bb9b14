// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;

/**
 * Batch normalization in inference mode: for each channel a factor and a summand, from the running
 * mean and deviation. A convolution before it takes them into its own weights and biases.
 *
 * @param vectors the network's parameters
 * @param placed the batch normalization
 */
record RunningStatistics(FlatVectors vectors, ModelSpec.Placed placed) {
  /** What the normalization multiplies the values of a channel by. */
  double factor(int channel) {
    float epsilon = ((LayerSpec.BatchNormalization) placed.layer()).epsilon();
    return parameters(0).get(channel) / Math.sqrt(variance(channel) + epsilon);
  }

  /** The bias of a convolution after the normalization, from the one before it. */
  double bias(int channel, double before) {
    return (before - parameters(2).get(channel)) * factor(channel) + parameters(1).get(channel);
  }

  /** The running variance; the canonical vector has the logarithm of the deviation. */
  double variance(int channel) {
    return StrictMath.pow(10, 2.0 * parameters(3).get(channel));
  }

  private FloatBuffer parameters(int tensor) {
    return vectors.parameters(placed, tensor).asBuffer();
  }
}
