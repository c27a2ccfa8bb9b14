// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** The fields of one map in a model file, each read with its place in the error. */
final class TreeFields {
  /** The value of {@code bias} of a layer that has no biases. */
  static final String NO_BIAS = "none";

  private static final List<String> INITIALIZERS =
      Stream.of(Initializer.Rule.values()).map(Initializer.Rule::text).toList();

  private final String place;
  private final ObjectNode node;

  private TreeFields(String place, ObjectNode node) {
    this.place = place;
    this.node = node;
  }

  /**
   * The fields of a map.
   *
   * @param place where the map stands, for error messages
   * @param node the map
   */
  static TreeFields of(String place, ObjectNode node) {
    return new TreeFields(place, node);
  }

  /** A layer's fields, where {@code dense: 120} is short for {@code dense: {units: 120}}. */
  static TreeFields ofLayer(String place, String keyword, JsonNode value) {
    if (value.isObject()) {
      return new TreeFields(place, (ObjectNode) value);
    }
    String single =
        switch (keyword) {
          case "dense", "lstm" -> "units";
          case "whiten" -> "kernel";
          case "dropout", "stochastic-depth" -> "probability";
          case "scale" -> "factor";
          case "pad-channels" -> "channels";
          case "sequence", "branches", "channel-gate" -> "of";
          case "squeeze-excitation" -> "reduction";
          default ->
              throw new InputException(
                  "Invalid value at %s: %s (must be a map such as {kernel: 3})"
                      .formatted(place, value));
        };
    return new TreeFields(place, JsonNodeFactory.instance.objectNode().set(single, value));
  }

  /**
   * Checks that there are no fields but these.
   *
   * @return these fields
   * @throws InputException if there is another
   */
  TreeFields only(String... known) {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      Check.input(
          List.of(known).contains(name),
          "Unknown key at %s: %s; %s",
          place,
          name,
          known.length == 0 ? "it takes none" : Suggestion.among(name, List.of(known)));
    }
    return this;
  }

  JsonNode required(String name) {
    Check.input(node.hasNonNull(name), "Missing key at %s: %s", place, name);
    return node.get(name);
  }

  String text(String name) {
    JsonNode value = required(name);
    Check.input(value.isValueNode(), "Invalid %s at %s: %s (must be a text)", name, place, value);
    return value.asText();
  }

  /** The name of a layer of layers; blank if left out. */
  String layerName() {
    return node.has("name") ? text("name") : "";
  }

  /** A list of layers; empty if left out. */
  JsonNode optional(String name) {
    return node.hasNonNull(name) ? node.get(name) : JsonNodeFactory.instance.arrayNode();
  }

  /** The place of the map, for error messages. */
  String place() {
    return place;
  }

  boolean is(String name, String text) {
    return node.path(name).isTextual() && node.get(name).textValue().equals(text);
  }

  int integer(String name) {
    JsonNode value = required(name);
    Check.input(value.isInt(), "Invalid %s at %s: %s (must be a whole number)", name, place, value);
    return value.intValue();
  }

  int integer(String name, int standard) {
    return node.has(name) ? integer(name) : standard;
  }

  /**
   * A padding: one number for all sides, or {@code [top, left, bottom, right]}; none if left out.
   */
  Padding padding(String name) {
    JsonNode value = node.path(name);
    if (!value.isArray()) {
      return Padding.of(integer(name, 0));
    }
    boolean sides = value.size() == 4;
    for (int i = 0; sides && i < 4; i++) {
      sides = value.get(i).isInt();
    }
    Check.input(
        sides,
        "Invalid %s at %s: %s (must be a whole number or [top, left, bottom, right])",
        name,
        place,
        value);
    return new Padding(
        value.get(0).intValue(),
        value.get(1).intValue(),
        value.get(2).intValue(),
        value.get(3).intValue());
  }

  float number(String name, float standard) {
    return node.has(name) ? number(name) : standard;
  }

  float number(String name) {
    return number(name, required(name));
  }

  private float number(String name, JsonNode value) {
    float number = Float.NaN;
    if (value.isNumber()) {
      number = value.floatValue();
    } else if (value.isTextual()) {
      // YAML 1.1 takes 1e-4 for a text, because it has no dot.
      try {
        number = Float.parseFloat(value.textValue());
      } catch (NumberFormatException e) {
        number = Float.NaN;
      }
    }
    Check.input(
        Float.isFinite(number), "Invalid %s at %s: %s (must be a number)", name, place, value);
    return number;
  }

  Initializer initializer(String name, Initializer standard) {
    if (!node.has(name)) {
      return standard;
    }
    JsonNode value = node.get(name);
    if (value.isTextual()) {
      int rule = INITIALIZERS.indexOf(value.textValue());
      if (rule < 0) {
        throw new InputException(
            "Unknown %s at %s: %s; %s, {gaussian: 0.01}, {constant: 0}"
                .formatted(
                    name,
                    place,
                    value.textValue(),
                    Suggestion.among(value.textValue(), INITIALIZERS)));
      }
      return Initializer.Rule.values()[rule];
    }
    if (value.isObject() && value.size() == 1 && value.has("gaussian")) {
      float deviation = number(name, value.get("gaussian"));
      Check.input(
          deviation >= 0, "Invalid %s at %s: gaussian %s (must be >= 0)", name, place, deviation);
      return new Initializer.Gaussian(deviation);
    }
    Check.input(
        value.isObject() && value.size() == 1 && value.has("constant"),
        "Invalid %s at %s: %s (must be one of %s, {gaussian: 0.01}, {constant: 0})",
        name,
        place,
        value,
        String.join(", ", INITIALIZERS));
    return new Initializer.Constant(number(name, value.get("constant")));
  }
}
