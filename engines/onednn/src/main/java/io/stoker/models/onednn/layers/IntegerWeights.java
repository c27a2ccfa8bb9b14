// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.QuantizedWeights;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * The weights of a layer as integers, and its biases, with the batch normalization after it in
 * both. It is computed in a workspace that is closed after the layer was compiled.
 */
final class IntegerWeights {
  private final Workspace workspace;
  private final Tensor integers;
  private final Tensor bias;
  private final float[] scales;

  /**
   * @param workspace for a short time
   * @param statistics of the normalization
   * @param weights in fp32, as {@link NormalizedWeights} takes them
   * @param bias {@code [output channels]}
   */
  IntegerWeights(
      Workspace workspace, Optional<RunningStatistics> statistics, Tensor weights, Tensor bias) {
    this.workspace = workspace;
    NormalizedWeights normalized = NormalizedWeights.of(workspace, statistics, weights, bias);
    normalized.run();
    this.bias = normalized.bias();
    integers = workspace.tensor(weights.layout());
    scales = new float[Math.toIntExact(bias.layout().elements())];
    round(normalized.weights());
  }

  private void round(Tensor weights) {
    int each = Math.toIntExact(weights.layout().elements() / scales.length);
    boolean together = weights.layout().isChannelsLast();
    FloatBuffer from = weights.buffer();
    FloatBuffer to = integers.buffer();
    for (int channel = 0; channel < scales.length; channel++) {
      int first = together ? channel : channel * each;
      int step = together ? scales.length : 1;
      float largest = 0;
      for (int i = 0; i < each; i++) {
        largest = Math.max(largest, Math.abs(from.get(first + i * step)));
      }
      float scale = QuantizedWeights.scale(largest);
      for (int i = 0; i < each; i++) {
        to.put(first + i * step, QuantizedWeights.integer(from.get(first + i * step), scale));
      }
      scales[channel] = scale;
    }
  }

  /** The scale of each output channel. */
  float[] scales() {
    return scales;
  }

  float bias(int channel) {
    return bias.buffer().get(channel);
  }

  /** Copies the integers to a tensor of another workspace, in its type and order. */
  void copyTo(Tensor tensor) {
    workspace.copy(integers, tensor).run();
  }
}
