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
  private static final OperatorHandle MULTIPLY = operation("aten::_foreach_mul_", "Scalar");
  private static final OperatorHandle SUBTRACT = operation("aten::_foreach_sub_", "List");
  private static final OperatorHandle ADD = operation("aten::_foreach_add_", "List");

  private final boolean empty;
  private final IValue list;

  /**
   * @param place owns the views
   * @param vector whose parts they are
   * @param parts in the vector
   */
  VectorParts(Place place, Tensor vector, List<SgdUpdate.Run> parts) {
    GenericList tensors = new GenericList(new TensorList().elementType());
    empty = parts.isEmpty();
    parts.forEach(part -> tensors.push_back(new IValue(part.in(vector))));
    list = place.own(new IValue(tensors));
  }

  private static OperatorHandle operation(String name, String overload) {
    OperatorHandle handle = Dispatcher.singleton().findSchemaOrThrow(name, overload);
    handle.retainReference(); // It outlives the scope in which this class is loaded.
    return handle;
  }

  void multiply(Scalar factor) {
    call(MULTIPLY, new IValueVector(list, new IValue(factor)));
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

  /** Adds the same parts of another vector, times a factor. */
  void add(VectorParts other, Scalar factor) {
    call(ADD, new IValueVector(list, other.list, new IValue(factor)));
  }
}
