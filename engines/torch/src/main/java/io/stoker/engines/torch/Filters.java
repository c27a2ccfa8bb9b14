// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolution's biases and weights in libtorch's form: one tensor has the biases of all groups,
 * another the weights of all groups. Without groups, they are views of the canonical vector. With
 * groups they are copied, because in the canonical vector each group's bias precedes its weights.
 */
final class Filters {
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final int groups;
  private final Tensor[] parameters;
  private Tensor[] gradients;

  Filters(FlatVectors vectors, ModelSpec.Placed placed, LayerSpec.Convolution layer) {
    this.vectors = vectors;
    this.placed = placed;
    groups = layer.groups();
    parameters = tensors(tensor -> vectors.parameters(placed, tensor));
  }

  private Tensor[] tensors(Function<Integer, Tensor> view) {
    return IntStream.range(0, 2 * groups).boxed().map(view).toArray(Tensor[]::new);
  }

  /** The biases {@code [filters]}. */
  Tensor bias() {
    return gathered(0);
  }

  /** The weights {@code [filters, channels of a group, kernel, kernel]}. */
  Tensor weights() {
    return gathered(1);
  }

  private Tensor gathered(int first) {
    if (groups == 1) {
      return parameters[first];
    }
    TensorVector parts = new TensorVector();
    for (int group = 0; group < groups; group++) {
      parts.push_back(parameters[2 * group + first]);
    }
    return torch.cat(parts, 0);
  }

  /** Copies gradients of the shapes of {@link #bias} and {@link #weights} to the flat vector. */
  void putGradients(Tensor bias, Tensor weights) {
    if (gradients == null) {
      gradients = tensors(tensor -> vectors.gradients(placed, tensor));
    }
    long each = bias.size(0) / groups;
    for (int group = 0; group < groups; group++) {
      gradients[2 * group].copy_(bias.narrow(0, group * each, each));
      gradients[2 * group + 1].copy_(weights.narrow(0, group * each, each));
    }
  }
}
