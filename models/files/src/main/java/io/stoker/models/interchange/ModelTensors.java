// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.List;

/** All parameters of a model as named tensors, laid out as in PyTorch; see {@link LayerTensors}. */
public final class ModelTensors {
  private ModelTensors() {}

  /**
   * The tensors under torchvision's names where the model is one of torchvision's, else under
   * {@link #own} ones.
   */
  public static List<MappedTensor> of(ModelSpec model) {
    return TorchvisionNames.of(model).map(names -> named(model, names)).orElseGet(() -> own(model));
  }

  /**
   * The tensors under names by the layers' numbers in the model's table: {@code layers.1.weight},
   * and {@code layers.5.2.weight} for the second layer inside of the fifth.
   */
  public static List<MappedTensor> own(ModelSpec model) {
    return named(
        model, parameterized(model).stream().map(placed -> "layers." + placed.path()).toList());
  }

  /** The plain layers that have parameters, in the order of the canonical vector. */
  public static List<ModelSpec.Placed> parameterized(ModelSpec model) {
    return model.leaves().stream().filter(placed -> !placed.parameters().isEmpty()).toList();
  }

  private static List<MappedTensor> named(ModelSpec model, List<String> names) {
    List<ModelSpec.Placed> layers = parameterized(model);
    if (layers.size() != names.size()) {
      throw new IllegalStateException(
          "%s names for %s layers of %s".formatted(names.size(), layers.size(), model.name()));
    }
    List<MappedTensor> tensors = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      for (MappedTensor tensor : LayerTensors.of(layers.get(i), LayerTensors.GateOrder.PYTORCH)) {
        tensors.add(tensor.named(names.get(i) + "." + tensor.name()));
      }
    }
    return List.copyOf(tensors);
  }
}
