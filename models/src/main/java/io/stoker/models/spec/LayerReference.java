// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Finds the layer that a user names by the label or the number that {@link ModelTable} prints. */
public final class LayerReference {
  private LayerReference() {}

  /**
   * Finds a layer.
   *
   * @param model the model
   * @param text a number, from 1, or a label that only one layer has
   * @return the layer's index, from 0
   * @throws InputException if there is no such layer, or more than one
   */
  public static int index(ModelSpec model, String text) {
    String wanted = text.strip();
    int layers = model.layers().size();
    if (wanted.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(wanted);
      Check.input(
          number >= 1 && number <= layers,
          "Invalid layer: %d (model %s has layers 1 to %d)",
          number,
          model.name(),
          layers);
      return number - 1;
    }
    List<Integer> found =
        IntStream.range(0, layers)
            .filter(i -> Objects.equals(model.layers().get(i).label(), wanted))
            .boxed()
            .toList();
    if (found.isEmpty()) {
      List<String> labels = model.layers().stream().map(LayerSpec::label).distinct().toList();
      throw new InputException(
          "Unknown layer of model %s: %s; %s"
              .formatted(model.name(), text, Suggestion.among(wanted, labels)));
    }
    Check.input(
        found.size() == 1,
        "Model %s has several layers '%s': say which by its number (%s)",
        model.name(),
        wanted,
        found.stream().map(i -> Integer.toString(i + 1)).collect(Collectors.joining(", ")));
    return found.get(0);
  }
}
