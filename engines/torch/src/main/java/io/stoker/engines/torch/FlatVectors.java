// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import org.bytedeco.pytorch.Tensor;

/**
 * A network's parameters, gradients and velocity as flat vectors in canonical order. The tensors of
 * layers are views of them. Gradients and velocity are allocated when they are first used; a
 * network that only predicts has none. The {@link NetworkMemory} owns the memory.
 */
final class FlatVectors {
  private final NetworkMemory memory;
  private final long size;
  private final Tensor parameters;
  private final GradientCopies copies = new GradientCopies();
  private final RunningStatistics statistics = new RunningStatistics(copies);
  private Tensor gradients;
  private Tensor velocity;
  private Tensor secondMoments;

  FlatVectors(NetworkMemory memory, long size) {
    this.memory = memory;
    this.size = size;
    parameters = memory.zeros(size);
  }

  Tensor parameters() {
    return parameters;
  }

  Tensor gradients() {
    if (gradients == null) {
      gradients = memory.zeros(size);
    }
    return gradients;
  }

  /** The copies to the gradients of the step that is computed. */
  GradientCopies copies() {
    return copies;
  }

  /** The statistics of the step that is computed. */
  RunningStatistics statistics() {
    return statistics;
  }

  Tensor velocity() {
    if (velocity == null) {
      velocity = memory.zeros(size);
    }
    return velocity;
  }

  Tensor secondMoments() {
    if (secondMoments == null) {
      secondMoments = memory.zeros(size);
    }
    return secondMoments;
  }

  /** Sets velocity and second moments to zero. */
  void clearState() {
    for (Tensor vector : new Tensor[] {velocity, secondMoments}) {
      if (vector != null) {
        vector.zero_();
      }
    }
  }

  /** A layer's n-th tensor of parameters. */
  Tensor parameters(ModelSpec.Placed placed, int tensor) {
    return part(parameters, placed, tensor);
  }

  /** The gradients of a layer's n-th tensor. */
  Tensor gradients(ModelSpec.Placed placed, int tensor) {
    return part(gradients(), placed, tensor);
  }

  private Tensor part(Tensor vector, ModelSpec.Placed placed, int tensor) {
    ParameterSpec parameter = placed.parameters().get(tensor);
    long[] sizes = parameter.dimensions().stream().mapToLong(Integer::longValue).toArray();
    return part(vector, placed, tensor, sizes);
  }

  /**
   * A view of a vector that begins with a layer's n-th tensor, and may have the next ones too.
   *
   * @param sizes the view's dimensions
   */
  Tensor part(Tensor vector, ModelSpec.Placed placed, int tensor, long... sizes) {
    long offset =
        placed.parameterOffset()
            + placed.parameters().stream().limit(tensor).mapToLong(ParameterSpec::size).sum();
    long count = 1;
    for (long each : sizes) {
      count *= each;
    }
    return memory.own(vector.narrow(0, offset, count).view(sizes));
  }
}
