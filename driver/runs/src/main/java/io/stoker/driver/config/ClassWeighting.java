// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import io.stoker.models.engine.ClassWeights;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How much the examples of each class count in the loss. In JSON and YAML it is the word {@code
 * balanced}, or a map from the name of each class to its weight.
 */
public sealed interface ClassWeighting {
  /** The word for {@link Balanced}. */
  String BALANCED = "balanced";

  /**
   * The weights for a data set.
   *
   * @param classNames its classes, in label order
   * @param counts the number of training samples of each
   * @return empty if all examples count the same
   * @throws InputException if there are weights of other classes, or not of all of these
   */
  Optional<ClassWeights> resolve(List<String> classNames, List<Long> counts);

  /** The form in JSON. */
  @JsonValue
  Object toJson();

  /**
   * Reads the form in JSON.
   *
   * @throws InputException if it is neither the word nor a map to numbers
   */
  @JsonCreator
  static ClassWeighting fromJson(JsonNode json) {
    if (json.isTextual() && json.textValue().equals(BALANCED)) {
      return new Balanced();
    }
    Check.input(
        json.isObject(),
        "Invalid class weights: %s (must be '%s', or the weight of each class: {cat: 1, dog: 2.5})",
        json,
        BALANCED);
    Map<String, Double> weights = new TreeMap<>();
    for (Map.Entry<String, JsonNode> weight : json.properties()) {
      Check.input(
          weight.getValue().isNumber(),
          "Invalid weight of class '%s': %s (must be a number > 0)",
          weight.getKey(),
          weight.getValue());
      weights.put(weight.getKey(), weight.getValue().doubleValue());
    }
    return weights.isEmpty() ? new Equal() : new PerClass(weights);
  }

  /** All examples count the same. */
  record Equal() implements ClassWeighting {
    @Override
    public Optional<ClassWeights> resolve(List<String> classNames, List<Long> counts) {
      return Optional.empty();
    }

    @Override
    public Map<String, Double> toJson() {
      return Map.of();
    }
  }

  /** All classes count the same in total, see {@link ClassWeights#balanced}. */
  record Balanced() implements ClassWeighting {
    @Override
    public Optional<ClassWeights> resolve(List<String> classNames, List<Long> counts) {
      return Optional.of(
          ClassWeights.balanced(counts.stream().mapToLong(Long::longValue).toArray()));
    }

    @Override
    public String toJson() {
      return BALANCED;
    }
  }

  /**
   * A weight for each class.
   *
   * @param weights by the classes' names, each above 0
   */
  record PerClass(Map<String, Double> weights) implements ClassWeighting {
    /** How many names an error lists. */
    private static final int SHOWN = 5;

    public PerClass {
      weights = Collections.unmodifiableMap(new TreeMap<>(weights));
      weights.forEach(
          (name, weight) ->
              Check.input(
                  weight.floatValue() > 0 && Float.isFinite(weight.floatValue()),
                  "Invalid weight of class '%s': %s (must be a number > 0, within the range of a"
                      + " float)",
                  name,
                  weight));
    }

    @Override
    public Optional<ClassWeights> resolve(List<String> classNames, List<Long> counts) {
      for (String name : weights.keySet()) {
        Check.input(
            classNames.contains(name),
            "Cannot weight class '%s', which the data does not have; %s",
            name,
            Suggestion.among(name, classNames.subList(0, Math.min(50, classNames.size()))));
      }
      Set<String> missing = new TreeSet<>(classNames);
      missing.removeAll(weights.keySet());
      Check.input(
          missing.isEmpty(),
          "Cannot weight classes: there is no weight of %s%s",
          String.join(", ", missing.stream().limit(SHOWN).toList()),
          missing.size() > SHOWN
              ? String.format(Locale.ROOT, " and %d others", missing.size() - SHOWN)
              : "");
      return Optional.of(
          new ClassWeights(
              classNames.stream().map(name -> weights.get(name).floatValue()).toList()));
    }

    @Override
    public Map<String, Double> toJson() {
      return weights;
    }
  }
}
