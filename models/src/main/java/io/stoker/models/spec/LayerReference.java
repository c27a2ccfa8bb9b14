// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds the layer of a model's chain that a user names by the label, the number or the name that
 * {@link ModelTable} prints.
 */
public final class LayerReference {
  private LayerReference() {}

  /**
   * Finds a layer.
   *
   * @param model the model
   * @param text a number, from 1, a label that only one layer has, or the name of a layer that
   *     consists of layers
   * @return the layer's index, from 0; of a sequence, that of its last layer
   * @throws InputException if there is no such layer, or more than one
   */
  public static int index(ModelSpec model, String text) {
    List<Integer> found = indexes(model, text);
    return found.get(found.size() - 1);
  }

  /**
   * Finds a layer, or the layers of a sequence.
   *
   * @param model the model
   * @param text as for {@link #index}
   * @return the indexes of the layers, from 0, rising
   * @throws InputException if there is no such layer, or more than one
   */
  public static List<Integer> indexes(ModelSpec model, String text) {
    String wanted = text.strip();
    List<Placed> chain = model.placed();
    if (wanted.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(wanted);
      Check.input(
          number >= 1 && number <= chain.size(),
          "Invalid layer: %d (model %s has layers 1 to %d)",
          number,
          model.name(),
          chain.size());
      return List.of(number - 1);
    }
    List<Integer> named = named(model.tree(), wanted);
    if (!named.isEmpty()) {
      return named;
    }
    List<Integer> found =
        chain.stream()
            .filter(placed -> Objects.equals(placed.layer().label(), wanted))
            .map(Placed::index)
            .toList();
    if (found.isEmpty()) {
      throw unknown(model, wanted);
    }
    Check.input(
        found.size() == 1,
        "Model %s has several layers '%s': say which by its number (%s)",
        model.name(),
        wanted,
        found.stream().map(i -> Integer.toString(i + 1)).collect(Collectors.joining(", ")));
    return found;
  }

  /** The layers of the chain under a name; none if the chain has no such name. */
  private static List<Integer> named(List<Placed> tree, String name) {
    for (Placed placed : tree) {
      boolean sequence = placed.layer() instanceof LayerSpec.Sequence;
      if (placed.layer().name().equals(name)) {
        return sequence ? ofChain(placed) : List.of(placed.index());
      }
      List<Integer> inside = sequence ? named(placed.inner(), name) : List.of();
      if (!inside.isEmpty()) {
        return inside;
      }
    }
    return List.of();
  }

  private static List<Integer> ofChain(Placed sequence) {
    return sequence.counted().map(Placed::index).toList();
  }

  private static InputException unknown(ModelSpec model, String wanted) {
    for (Placed placed : model.placed()) {
      for (Placed inner : placed.leaves().toList()) {
        if (inner.path().equals(wanted)) {
          return new InputException(
              "Invalid layer: %s (it is inside of layer %s of model %s, %s; only whole layers of"
                      .formatted(wanted, placed.path(), model.name(), placed.layer().label())
                  + " the chain can be named)");
        }
      }
    }
    List<String> known =
        Stream.concat(
                model.tree().stream().map(placed -> placed.layer().name()),
                model.placed().stream()
                    .flatMap(placed -> Stream.of(placed.layer().name(), placed.layer().label())))
            .filter(each -> !each.isEmpty())
            .distinct()
            .toList();
    return new InputException(
        "Unknown layer of model %s: %s; %s"
            .formatted(model.name(), wanted, Suggestion.among(wanted, known)));
  }
}
