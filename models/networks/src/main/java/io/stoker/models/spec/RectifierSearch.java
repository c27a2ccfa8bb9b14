// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** Looks in a model file for the non-linearity that follows a layer. */
final class RectifierSearch {
  private RectifierSearch() {}

  /**
   * Whether the next non-linearity after layer i of a list is a rectifier; empty if the list ends
   * before there is one.
   *
   * @param layers a list of layers, or a single one; a missing node is an empty list
   * @param i the layer's number from 0, or -1 to begin with the first
   */
  static Optional<Boolean> after(JsonNode layers, int i) {
    if (layers.isMissingNode()) {
      return Optional.empty();
    }
    if (!layers.isArray()) {
      return i < 0 ? of(layers) : Optional.empty();
    }
    for (int next = i + 1; next < layers.size(); next++) {
      Optional<Boolean> found = of(layers.get(next));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** Empty for a layer that changes no spread, such as pooling. */
  private static Optional<Boolean> of(JsonNode layer) {
    for (String learned : new String[] {"conv", "whiten", "depthwise-conv", "dense", "lstm"}) {
      if (layer.has(learned)) {
        return Optional.of(false);
      }
    }
    for (ActivationFunction function : ActivationFunction.values()) {
      if (function.label().equals(layer.textValue())) {
        return Optional.of(function.isRectifier());
      }
    }
    JsonNode first = layer.path("residual").path("body");
    for (String keyword : new String[] {"sequence", "branches"}) {
      JsonNode inner = layer.path(keyword);
      JsonNode list = inner.isArray() ? inner : inner.path("of");
      if (!list.isMissingNode()) {
        first = keyword.equals("branches") ? list.path(0) : list;
      }
    }
    Optional<Boolean> inside = after(first, -1);
    return inside.isPresent() ? inside : after(layer.path("residual").path("after"), -1);
  }
}
