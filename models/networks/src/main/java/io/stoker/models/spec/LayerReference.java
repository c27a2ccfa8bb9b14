// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds the layer of a model that a user names by the number, the label or the name that {@link
 * ModelTable} prints.
 */
public final class LayerReference {
  private LayerReference() {}

  /**
   * Finds a layer, or the layers of a sequence.
   *
   * @param model the model
   * @param text a number, from 1, such as {@code 5}, or {@code 5.2} for the second layer inside of
   *     the fifth; a label that only one layer has; or the name of a layer that consists of layers.
   *     A label of the chain goes before one inside of a block
   * @return the layers in the order of their parameters; one, except for a sequence
   * @throws InputException if there is no such layer, or more than one
   */
  public static List<Placed> find(ModelSpec model, String text) {
    String wanted = text.strip();
    if (wanted.matches("[0-9.]{1,40}")) {
      return List.of(numbered(model, wanted));
    }
    List<Placed> all = everywhere(model.tree()).toList();
    Optional<Placed> named =
        all.stream().filter(placed -> placed.layer().name().equals(wanted)).findFirst();
    if (named.isPresent()) {
      return named.get().counted().toList();
    }
    List<Placed> found = labelled(model.placed(), wanted);
    if (found.isEmpty()) {
      found = labelled(all, wanted);
    }
    if (found.isEmpty()) {
      throw unknown(model, wanted);
    }
    Check.input(
        found.size() == 1,
        "Model %s has several layers '%s': say which by its number (%s)",
        model.name(),
        wanted,
        found.stream().map(Placed::path).collect(Collectors.joining(", ")));
    return found;
  }

  /** The layers and those inside of them, depth-first. */
  private static Stream<Placed> everywhere(List<Placed> layers) {
    return layers.stream()
        .flatMap(placed -> Stream.concat(Stream.of(placed), everywhere(placed.inner())));
  }

  /** The layers with a label. Sequences have no number, and are known by their names only. */
  private static List<Placed> labelled(List<Placed> layers, String label) {
    return layers.stream()
        .filter(placed -> !placed.path().isEmpty())
        .filter(placed -> Objects.equals(placed.layer().label(), label))
        .toList();
  }

  private static Placed numbered(ModelSpec model, String path) {
    List<Placed> layers = model.placed();
    String place = "model " + model.name();
    while (true) {
      for (Placed placed : layers) {
        if (placed.path().equals(path)) {
          return placed;
        }
      }
      Optional<Placed> around =
          layers.stream().filter(placed -> path.startsWith(placed.path() + ".")).findFirst();
      if (around.isEmpty()) {
        throw unnumbered(path, place, layers);
      }
      place =
          "layer %s of model %s (%s)"
              .formatted(around.get().path(), model.name(), around.get().layer().label());
      Check.input(
          !around.get().inner().isEmpty(),
          "Invalid layer: %s (%s has no layers inside; did you mean '%s'?)",
          path,
          place,
          around.get().path());
      layers = around.get().inner().stream().flatMap(Placed::counted).toList();
    }
  }

  private static InputException unnumbered(String path, String place, List<Placed> layers) {
    String first = layers.get(0).path();
    String last = layers.get(layers.size() - 1).path();
    // Digits after those of the layers around: which of these layers is meant.
    String number = path.substring(first.lastIndexOf('.') + 1);
    String nearest = number.matches("0*[1-9][0-9]*(\\..*)?") ? last : first;
    return new InputException(
        "Invalid layer: %s (%s has layers %s to %s; did you mean '%s'?)"
            .formatted(path, place, first, last, nearest));
  }

  private static InputException unknown(ModelSpec model, String wanted) {
    List<String> names =
        everywhere(model.tree())
            .map(placed -> placed.layer().name())
            .filter(name -> !name.isEmpty())
            .toList();
    List<String> known =
        Stream.concat(names.stream(), model.placed().stream().map(placed -> placed.layer().label()))
            .distinct()
            .toList();
    return new InputException(
        "Unknown layer of model %s: %s; %s"
            .formatted(model.name(), wanted, Suggestion.among(wanted, known)));
  }
}
