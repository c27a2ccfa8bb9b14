// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A convolution's bias and weights in oneDNN's form: one tensor has the biases of all groups,
 * another the weights of all groups, {@code [groups, filters, channels, kernel, kernel]}. Without
 * groups, the canonical vector has the same form. With groups they are copied, because in the
 * canonical vector each group's bias precedes its weights. A depthwise convolution's weights lie in
 * the canonical vector as {@code [kernel, kernel, channels, filters]}, which strides describe.
 *
 * <p>Without biases, the bias is a tensor of zeros, and its gradient is not used.
 */
final class GroupedFilters {
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final int groups;
  private final boolean biased;

  /** Whether the canonical vector holds each of the two tensors in one piece. */
  private final boolean whole;

  /** The numbers of the tensors in the canonical vector. */
  private final int biasNumber;

  private final int weightsNumber;
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
    biased = layer.biased();
    whole = groups == 1;
    biasNumber = 0;
    weightsNumber = biased ? 1 : 0;
    int kernel = layer.window().kernel();
    int channels = placed.input().channels() / groups;
    biasLayout = Layout.plain(layer.filters());
    weightsLayout =
        groups == 1
            ? Layout.plain(layer.filters(), channels, kernel, kernel)
            : Layout.plain(groups, layer.filters() / groups, channels, kernel, kernel);
    bias = biased ? tensor(biasLayout, vectors.parameters(placed, biasNumber)) : noBias();
    weights = tensor(weightsLayout, vectors.parameters(placed, weightsNumber));
  }

  GroupedFilters(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.DepthwiseConvolution layer) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.placed = placed;
    groups = placed.input().channels();
    biased = layer.biased();
    whole = true;
    biasNumber = 0;
    weightsNumber = biased ? 1 : 0;
    long kernel = layer.window().kernel();
    long filters = layer.multiplier();
    long channels = groups;
    biasLayout = Layout.plain(channels * filters);
    weightsLayout =
        Layout.strided(
            new long[] {channels, filters, 1, kernel, kernel},
            filters,
            1,
            1,
            kernel * channels * filters,
            channels * filters);
    bias = biased ? tensor(biasLayout, vectors.parameters(placed, biasNumber)) : noBias();
    weights = tensor(weightsLayout, vectors.parameters(placed, weightsNumber));
  }

  /** Whether each filter reads some of the channels only. */
  boolean inGroups() {
    return groups > 1;
  }

  private Tensor noBias() {
    return workspace.tensor(biasLayout);
  }

  private Tensor tensor(Layout layout, FloatPointer canonical) {
    return whole ? workspace.parameters(layout, canonical) : workspace.tensor(layout);
  }

  Tensor bias() {
    return bias;
  }

  Tensor weights() {
    return weights;
  }

  Tensor biasGradient() {
    if (biasGradient == null) {
      biasGradient = biased ? tensor(biasLayout, vectors.gradients(placed, biasNumber)) : noBias();
    }
    return biasGradient;
  }

  Tensor weightsGradient() {
    if (weightsGradient == null) {
      weightsGradient = tensor(weightsLayout, vectors.gradients(placed, weightsNumber));
    }
    return weightsGradient;
  }

  /** Copies the parameters of all groups from the canonical vector. */
  void collect() {
    if (!whole) {
      forEachGroup(
          vectors.parameterBuffer(),
          bias,
          weights,
          (canonical, offset, part, first, size) -> part.put(first, canonical, offset, size));
    }
  }

  /** Copies the gradients of all groups to the canonical vector. */
  void distributeGradients() {
    if (!whole) {
      forEachGroup(
          vectors.gradientBuffer(),
          biasGradient(),
          weightsGradient(),
          (canonical, offset, part, first, size) -> canonical.put(offset, part, first, size));
    }
  }

  /** Copies values between the canonical vector and a tensor. */
  private interface Copy {
    void run(FloatBuffer canonical, int offset, FloatBuffer part, int first, int size);
  }

  private void forEachGroup(FloatBuffer canonical, Tensor biases, Tensor filters, Copy copy) {
    int offset = Math.toIntExact(placed.parameterOffset());
    int ofBias = biases.buffer().capacity() / groups;
    int ofFilters = filters.buffer().capacity() / groups;
    for (int group = 0; group < groups; group++) {
      if (biased) {
        copy.run(canonical, offset, biases.buffer(), group * ofBias, ofBias);
        offset += ofBias;
      }
      copy.run(canonical, offset, filters.buffer(), group * ofFilters, ofFilters);
      offset += ofFilters;
    }
  }
}
