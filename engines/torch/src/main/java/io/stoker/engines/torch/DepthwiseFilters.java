// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * The parameters of a depthwise convolution: in the canonical vector the weights are {@code
 * [kernel, kernel, channels, multiplier]}, in libtorch's form {@code [channels * multiplier, 1,
 * kernel, kernel]}.
 */
final class DepthwiseFilters implements Filters {
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final boolean biased;
  private final int multiplier;
  private final Tensor weights;
  private final Optional<Tensor> bias;
  private Tensor weightsGradient;
  private Tensor biasGradient;

  DepthwiseFilters(
      FlatVectors vectors, ModelSpec.Placed placed, LayerSpec.DepthwiseConvolution layer) {
    this.vectors = vectors;
    this.placed = placed;
    biased = layer.biased();
    multiplier = layer.multiplier();
    weights = vectors.parameters(placed, biased ? 1 : 0);
    bias = biased ? Optional.of(vectors.parameters(placed, 0)) : Optional.empty();
  }

  @Override
  public Optional<Tensor> bias() {
    return bias;
  }

  @Override
  public Tensor weights() {
    long channels = weights.size(2);
    return weights
        .permute(2, 3, 0, 1)
        .reshape(channels * multiplier, 1, weights.size(0), weights.size(1));
  }

  @Override
  public void putGradients(Tensor ofBias, Tensor ofWeights) {
    if (weightsGradient == null) {
      weightsGradient = vectors.gradients(placed, biased ? 1 : 0);
      biasGradient = biased ? vectors.gradients(placed, 0) : null;
    }
    if (biased) {
      vectors.copies().add(biasGradient, ofBias);
    }
    weightsGradient.copy_(
        ofWeights
            .reshape(weights.size(2), multiplier, weights.size(0), weights.size(1))
            .permute(2, 3, 0, 1));
  }
}
