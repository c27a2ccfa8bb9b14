// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;

/**
 * Parts of a flat vector that are changed alike, in one operation whatever their number. JavaCPP
 * has no methods for libtorch's operations on lists, so they are called by their names.
 */
final class VectorParts {
  private static final OperatorHandle SUBTRACT = operation("aten::_foreach_sub_", "List");
  private static final OperatorHandle DESCEND = operation("aten::_fused_sgd_", "");

  /** A list of no tensors. */
  private static final IValue NONE = new IValue(noTensors());

  static {
    NONE.retainReference(); // As the operations.
  }

  private final boolean empty;
  private final IValue list;

  /**
   * @param memory owns the views
   * @param vector whose parts they are
   * @param parts in the vector
   */
  VectorParts(NetworkMemory memory, Tensor vector, List<SgdUpdate.Run> parts) {
    GenericList tensors = noTensors();
    empty = parts.isEmpty();
    parts.forEach(part -> tensors.push_back(new IValue(part.in(vector))));
    list = memory.own(new IValue(tensors));
  }

  /** A list for tensors. */
  static GenericList noTensors() {
    return new GenericList(new TensorList().elementType());
  }

  /** One of libtorch's operations. */
  static OperatorHandle operation(String name, String overload) {
    OperatorHandle handle = Dispatcher.singleton().findSchemaOrThrow(name, overload);
    handle.retainReference(); // It outlives the scope in which this class is loaded.
    return handle;
  }

  /** libtorch refuses a list of nothing. */
  private void call(OperatorHandle operation, IValueVector arguments) {
    if (!empty) {
      operation.callBoxed(arguments);
    }
  }

  /** Subtracts the same parts of another vector, times a factor. */
  void subtract(VectorParts other, Scalar factor) {
    call(SUBTRACT, new IValueVector(list, other.list, new IValue(factor)));
  }

  /**
   * Takes a step of plain descent with these parameters: {@code w = w - rate (g + decay w)}.
   *
   * @param gradients the same parts of the gradients
   */
  void descend(VectorParts gradients, double rate, double decay) {
    call(DESCEND, step(gradients, NONE, decay, 0, rate, 0));
  }

  /**
   * Takes a step with these parameters: {@code v = momentum v - rate (g + decay w)}, {@code w = w +
   * v}. libtorch's own formula is {@code v = momentum v + (1 - dampening) (g + decay w)}, {@code w
   * = w - lr v}.
   *
   * @param gradients the same parts of the gradients
   * @param velocity the same parts of the velocity
   * @param momentum above 0
   */
  void descend(
      VectorParts gradients, VectorParts velocity, double rate, double decay, double momentum) {
    call(DESCEND, step(gradients, velocity.list, decay, momentum, -1, 1 + rate));
  }

  private IValueVector step(
      VectorParts gradients,
      IValue velocity,
      double decay,
      double momentum,
      double rate,
      double dampening) {
    IValue no = new IValue(false);
    IValue none = new IValue();
    IValueVector arguments = new IValueVector(list, gradients.list, velocity);
    for (double each : new double[] {decay, momentum, rate, dampening}) {
      arguments.push_back(new IValue(each));
    }
    // Neither Nesterov's momentum, nor upwards, nor the first step; no scale, and no check of it.
    for (IValue each : List.of(no, no, no, none, none)) {
      arguments.push_back(each);
    }
    return arguments;
  }
}
