// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A network's parameters, gradients and velocity as flat vectors in canonical order. Gradients and
 * velocity are allocated when they are first used; a network that only predicts has none. The
 * workspace owns the memory.
 */
final class FlatVectors {
  private final Workspace workspace;
  private final long size;
  private final long frozen;
  private final FloatPointer parameters;
  private FloatPointer gradients;
  private FloatPointer velocity;
  private long version;

  /** Vectors whose parameters all learn. */
  FlatVectors(Workspace workspace, long size) {
    this(workspace, size, 0);
  }

  /**
   * @param size the length of each vector
   * @param frozen the number of parameters, from the first, that do not learn
   */
  FlatVectors(Workspace workspace, long size, long frozen) {
    this.workspace = workspace;
    this.size = size;
    this.frozen = frozen;
    parameters = workspace.allocate(size);
  }

  FloatPointer parameters() {
    return parameters;
  }

  /** Counts the changes of the parameters. */
  long version() {
    return version;
  }

  /** Declares that the parameters have changed. */
  void change() {
    version++;
  }

  FloatPointer gradients() {
    if (gradients == null) {
      gradients = workspace.allocate(size);
    }
    return gradients;
  }

  FloatPointer velocity() {
    if (velocity == null) {
      velocity = workspace.allocate(size);
    }
    return velocity;
  }

  /** Whether a layer has parameters that are not frozen. */
  boolean learns(ModelSpec.Placed placed) {
    return !placed.parameters().isEmpty()
        && placed.parameterOffset() + placed.parameterCount() > frozen;
  }

  boolean hasVelocity() {
    return velocity != null;
  }

  /** The parameters of a layer's n-th tensor. */
  FloatPointer parameters(ModelSpec.Placed placed, int tensor) {
    return part(parameters, placed, tensor);
  }

  /** The gradients of a layer's n-th tensor. */
  FloatPointer gradients(ModelSpec.Placed placed, int tensor) {
    return part(gradients(), placed, tensor);
  }

  private static FloatPointer part(FloatPointer vector, ModelSpec.Placed placed, int tensor) {
    long offset =
        placed.parameterOffset()
            + placed.parameters().stream().limit(tensor).mapToLong(ParameterSpec::size).sum();
    return vector.getPointer(offset);
  }
}
