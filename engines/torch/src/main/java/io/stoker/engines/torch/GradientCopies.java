// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;

/**
 * Copies what layers have computed to the flat vector of gradients, of all layers together at the
 * end of a backward pass. For vectors, such as gradients by biases, this is one operation on a GPU.
 * Weights are not among them: cuDNN gives their gradients in another memory order, for which
 * libtorch copies each by itself.
 */
final class GradientCopies {
  private static final OperatorHandle COPY = VectorParts.operation("aten::_foreach_copy_", "");
  private static final boolean WITHOUT_WAITING = true;

  private GenericList targets;
  private GenericList sources;

  /** Forgets the copies of a backward pass that has failed. */
  void clear() {
    targets = null;
    sources = null;
  }

  /**
   * Notes a copy.
   *
   * @param target a view of the flat vector
   * @param source of the same shape; it must not change until the end of the pass
   */
  void add(Tensor target, Tensor source) {
    if (targets == null) {
      targets = VectorParts.noTensors();
      sources = VectorParts.noTensors();
    }
    targets.push_back(new IValue(target));
    sources.push_back(new IValue(source));
  }

  /** Copies what was noted since the last call. */
  void put() {
    if (targets != null) {
      COPY.callBoxed(
          new IValueVector(new IValue(targets), new IValue(sources), new IValue(WITHOUT_WAITING)));
      clear();
    }
  }
}
