// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Tensor;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * Weights and biases of a convolution into which inference folds the batch normalization that
 * follows it: a factor for the weights of each channel of the output, and another bias. Without a
 * normalization they are the layer's own.
 */
final class NormalizedWeights implements Runnable {
  private final Optional<RunningStatistics> statistics;
  private final Tensor ownWeights;
  private final Tensor ownBias;
  private final Tensor weights;
  private final Tensor bias;

  private NormalizedWeights(
      Optional<RunningStatistics> statistics,
      Tensor ownWeights,
      Tensor ownBias,
      Tensor weights,
      Tensor bias) {
    this.statistics = statistics;
    this.ownWeights = ownWeights;
    this.ownBias = ownBias;
    this.weights = weights;
    this.bias = bias;
  }

  /**
   * Prepares the weights; {@link #run} computes them.
   *
   * @param statistics of the normalization
   * @param weights the weights of one output channel after those of another, or of all output
   *     channels next to each other, as their layout says
   * @param bias {@code [output channels]}
   */
  static NormalizedWeights of(
      Workspace workspace, Optional<RunningStatistics> statistics, Tensor weights, Tensor bias) {
    return statistics.isEmpty()
        ? new NormalizedWeights(statistics, weights, bias, weights, bias)
        : new NormalizedWeights(
            statistics,
            weights,
            bias,
            workspace.tensor(weights.layout()),
            workspace.tensor(bias.layout()));
  }

  Tensor weights() {
    return weights;
  }

  Tensor bias() {
    return bias;
  }

  @Override
  public void run() {
    if (statistics.isPresent()) {
      fold(statistics.get());
    }
  }

  private void fold(RunningStatistics normalization) {
    int channels = Math.toIntExact(bias.layout().elements());
    int each = Math.toIntExact(weights.layout().elements() / channels);
    boolean together = weights.layout().isChannelsLast();
    FloatBuffer from = ownWeights.buffer();
    FloatBuffer to = weights.buffer();
    for (int channel = 0; channel < channels; channel++) {
      double factor = normalization.factor(channel);
      int first = together ? channel : channel * each;
      int step = together ? channels : 1;
      for (int i = 0; i < each; i++) {
        to.put(first + i * step, (float) (from.get(first + i * step) * factor));
      }
      bias.buffer()
          .put(channel, (float) normalization.bias(channel, ownBias.buffer().get(channel)));
    }
  }
}
