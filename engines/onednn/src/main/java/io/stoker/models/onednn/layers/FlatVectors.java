// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.TensorMemory;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A network's parameters, gradients, velocity and second moments as flat vectors in canonical
 * order. All but the parameters are allocated when they are first used; a network that only
 * predicts has none. The workspace owns the memory.
 */
public final class FlatVectors {
  private final Workspace workspace;
  private final long size;
  private final long frozen;

  /** The number of weights of each {@link DeferredGradient}, by the offset of the first one. */
  private final SortedMap<Long, Long> deferred;

  private final TensorMemory parameters;
  private TensorMemory gradients;
  private TensorMemory velocity;
  private TensorMemory secondMoments;
  private long version;

  /** Vectors whose parameters all learn. */
  FlatVectors(Workspace workspace, long size) {
    this(workspace, size, 0, new TreeMap<>());
  }

  /**
   * @param size the length of each vector
   * @param frozen the number of parameters, from the first, that do not learn
   * @param deferred see {@link DeferredGradient#weights}
   */
  public FlatVectors(Workspace workspace, long size, long frozen, SortedMap<Long, Long> deferred) {
    this.workspace = workspace;
    this.size = size;
    this.frozen = frozen;
    this.deferred = deferred;
    parameters = new TensorMemory(workspace.allocate(size));
  }

  /** The length of each vector. */
  public long size() {
    return size;
  }

  public FloatBuffer parameterBuffer() {
    return parameters.buffer();
  }

  /** Counts the changes of the parameters. */
  long version() {
    return version;
  }

  /** Declares that the parameters have changed. */
  public void change() {
    version++;
  }

  public FloatBuffer gradientBuffer() {
    return gradients().buffer();
  }

  private TensorMemory gradients() {
    if (gradients == null) {
      gradients = new TensorMemory(workspace.allocateRaw(size));
      clearGradients(gradients.values());
    }
    return gradients;
  }

  /** The memory of gradients that are never written is never touched, and takes no room. */
  private void clearGradients(FloatPointer all) {
    long next = 0;
    for (Map.Entry<Long, Long> weights : deferred.entrySet()) {
      clear(all, next, weights.getKey());
      next = weights.getKey() + weights.getValue();
    }
    clear(all, next, size);
  }

  private static void clear(FloatPointer vector, long from, long end) {
    Pointer.memset(vector.getPointer(from), 0, (end - from) * Float.BYTES);
  }

  FloatPointer velocity() {
    if (velocity == null) {
      velocity = new TensorMemory(workspace.allocate(size));
    }
    return velocity.values();
  }

  public FloatBuffer velocityBuffer() {
    velocity();
    return velocity.buffer();
  }

  private TensorMemory secondMoments() {
    if (secondMoments == null) {
      secondMoments = new TensorMemory(workspace.allocate(size));
    }
    return secondMoments;
  }

  public FloatBuffer secondMomentBuffer() {
    return secondMoments().buffer();
  }

  /** Sets velocity and second moments to zero. */
  public void clearState() {
    for (TensorMemory vector : new TensorMemory[] {velocity, secondMoments}) {
      if (vector != null) {
        clear(vector.values(), 0, size);
      }
    }
  }

  /** Whether a layer has parameters that are not frozen. */
  boolean learns(ModelSpec.Placed placed) {
    return !placed.parameters().isEmpty()
        && placed.parameterOffset() + placed.parameterCount() > frozen;
  }

  /** Whether the gradient by a dense layer's weights is a {@link DeferredGradient}. */
  boolean defers(ModelSpec.Placed placed) {
    return deferred.containsKey(placed.parameterOffset());
  }

  /** The parameters of a layer's n-th tensor. */
  FloatPointer parameters(ModelSpec.Placed placed, int tensor) {
    return part(parameters.values(), placed, tensor);
  }

  /** The gradients of a layer's n-th tensor. */
  FloatPointer gradients(ModelSpec.Placed placed, int tensor) {
    return part(gradients().values(), placed, tensor);
  }

  private static FloatPointer part(FloatPointer vector, ModelSpec.Placed placed, int tensor) {
    long offset =
        placed.parameterOffset()
            + placed.parameters().stream().limit(tensor).mapToLong(ParameterSpec::size).sum();
    return vector.getPointer(offset);
  }
}
