// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;

/**
 * Batch normalization in inference mode: for each channel a factor and a summand, from the running
 * mean and deviation. A convolution before it takes them into its own weights and biases.
 */
final class RunningStatistics {
  private final float epsilon;
  private final FloatBuffer scale;
  private final FloatBuffer shift;
  private final FloatBuffer mean;

  /** The logarithm of the running deviation. */
  private final FloatBuffer deviation;

  /**
   * @param vectors the network's parameters
   * @param placed the batch normalization
   */
  RunningStatistics(FlatVectors vectors, ModelSpec.Placed placed) {
    epsilon = ((LayerSpec.BatchNormalization) placed.layer()).epsilon();
    scale = vectors.parameters(placed, 0).asBuffer();
    shift = vectors.parameters(placed, 1).asBuffer();
    mean = vectors.parameters(placed, 2).asBuffer();
    deviation = vectors.parameters(placed, 3).asBuffer();
  }

  /** What the normalization multiplies the values of a channel by. */
  double factor(int channel) {
    return scale.get(channel) / Math.sqrt(variance(channel) + epsilon);
  }

  /** The bias of a convolution after the normalization, from the one before it. */
  double bias(int channel, double before) {
    return (before - mean.get(channel)) * factor(channel) + shift.get(channel);
  }

  /** The running mean. */
  float mean(int channel) {
    return mean.get(channel);
  }

  /** The logarithm of the running deviation, as the canonical vector has it. */
  float logDeviation(int channel) {
    return deviation.get(channel);
  }

  /** The running variance. */
  double variance(int channel) {
    return StrictMath.pow(10, 2.0 * deviation.get(channel));
  }
}
