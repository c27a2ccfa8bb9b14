// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The parameters of a convolution. Without groups, the tensors are views of the canonical vector.
 * With groups they are copied, because in the canonical vector each group's bias precedes its
 * weights.
 */
final class GroupedFilters implements Filters {
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final int groups;

  /** 1 where each group's tensors are its biases and its weights, 0 without biases. */
  private final int biases;

  private final Tensor[] parameters;
  private Tensor[] gradients;

  GroupedFilters(FlatVectors vectors, ModelSpec.Placed placed, LayerSpec.Convolution layer) {
    this.vectors = vectors;
    this.placed = placed;
    groups = layer.groups();
    biases = layer.biased() ? 1 : 0;
    parameters = tensors(tensor -> vectors.parameters(placed, tensor));
  }

  private Tensor[] tensors(IntFunction<Tensor> view) {
    return IntStream.range(0, (1 + biases) * groups).mapToObj(view).toArray(Tensor[]::new);
  }

  @Override
  public Optional<Tensor> bias() {
    return biases == 0 ? Optional.empty() : Optional.of(gathered(0));
  }

  @Override
  public Tensor weights() {
    return gathered(biases);
  }

  private Tensor gathered(int first) {
    if (groups == 1) {
      return parameters[first];
    }
    TensorVector parts = new TensorVector();
    for (int group = 0; group < groups; group++) {
      parts.push_back(parameters[(1 + biases) * group + first]);
    }
    return torch.cat(parts, 0);
  }

  @Override
  public void putGradients(Tensor ofBias, Tensor ofWeights) {
    if (gradients == null) {
      gradients = tensors(tensor -> vectors.gradients(placed, tensor));
    }
    long each = ofWeights.size(0) / groups;
    for (int group = 0; group < groups; group++) {
      int first = (1 + biases) * group;
      if (biases == 1) {
        vectors.copies().add(gradients[first], ofBias.narrow(0, group * each, each));
      }
      gradients[first + biases].copy_(ofWeights.narrow(0, group * each, each));
    }
  }
}
