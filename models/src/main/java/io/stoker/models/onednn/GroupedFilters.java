// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A convolution's bias and weights in oneDNN's form: one tensor has the biases of all groups,
 * another the weights of all groups, {@code [groups, filters, channels, kernel, kernel]}. Without
 * groups, the canonical vector has the same form. With groups they are copied, because in the
 * canonical vector each group's bias precedes its weights.
 */
final class GroupedFilters {
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final int groups;
  private final Layout biasLayout;
  private final Layout weightsLayout;
  private final Workspace workspace;
  private final Tensor bias;
  private final Tensor weights;
  private Tensor biasGradient;
  private Tensor weightsGradient;

  GroupedFilters(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Convolution layer) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.placed = placed;
    groups = layer.groups();
    int kernel = layer.window().kernel();
    int channels = placed.input().channels() / groups;
    biasLayout = Layout.plain(layer.filters());
    weightsLayout =
        groups == 1
            ? Layout.plain(layer.filters(), channels, kernel, kernel)
            : Layout.plain(groups, layer.filters() / groups, channels, kernel, kernel);
    bias = tensor(biasLayout, vectors.parameters(placed, 0));
    weights = tensor(weightsLayout, vectors.parameters(placed, 1));
  }

  private Tensor tensor(Layout layout, FloatPointer canonical) {
    return groups == 1 ? workspace.view(layout, canonical) : workspace.tensor(layout);
  }

  Tensor bias() {
    return bias;
  }

  Tensor weights() {
    return weights;
  }

  Tensor biasGradient() {
    if (biasGradient == null) {
      biasGradient = tensor(biasLayout, vectors.gradients(placed, 0));
    }
    return biasGradient;
  }

  Tensor weightsGradient() {
    if (weightsGradient == null) {
      weightsGradient = tensor(weightsLayout, vectors.gradients(placed, 1));
    }
    return weightsGradient;
  }

  /** Copies the parameters of all groups from the canonical vector. */
  void collect() {
    forEachGroup(vectors.parameters(), bias, weights, (canonical, part) -> part.put(canonical));
  }

  /** Copies the gradients of all groups to the canonical vector. */
  void distributeGradients() {
    forEachGroup(
        vectors.gradients(),
        biasGradient(),
        weightsGradient(),
        (canonical, part) -> canonical.put(part));
  }

  private void forEachGroup(
      FloatPointer vector,
      Tensor biases,
      Tensor filters,
      BiConsumer<FloatBuffer, FloatBuffer> copy) {
    if (groups == 1) {
      return;
    }
    FloatBuffer canonical = vector.asBuffer();
    int offset = Math.toIntExact(placed.parameterOffset());
    for (int group = 0; group < groups; group++) {
      for (Tensor tensor : new Tensor[] {biases, filters}) {
        FloatBuffer all = tensor.buffer();
        int size = all.capacity() / groups;
        copy.accept(canonical.slice(offset, size), all.slice(group * size, size));
        offset += size;
      }
    }
  }
}
