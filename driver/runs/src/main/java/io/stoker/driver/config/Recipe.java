// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.yaml.StrictYaml;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A recipe: the options of {@code stoker train} as YAML. Its keys are the names of the options,
 * with hyphens or underscores, and the keys of a config, see {@link ConfigFormat}, which differ
 * from the options where a value has parts: {@code augmentations}, {@code schedule}, {@code
 * class_weights}, {@code layer_rates}. A part {@code prepare} has options of {@code prepare}, for
 * raw images.
 */
public final class Recipe {
  /** A larger file is not a recipe. */
  private static final int MAXIMUM_BYTES = 1 << 16;

  private static final int MAXIMUM_DEPTH = 5;

  /** The part that says how raw images are prepared. */
  private static final String PREPARE = "prepare";

  /** Types of values that are maps from names of layers or classes, which stay as they are. */
  private static final Set<String> MAPS = Set.of("rates", "class-weights");

  /** Types of values that have parts, and that are options where they are words. */
  private static final Set<String> WORDS = Set.of("schedule", "class-weights");

  private final String source;
  private final ObjectNode config;
  private final Map<String, JsonNode> options;
  private final Map<String, JsonNode> preparation;

  private Recipe(
      String source,
      ObjectNode config,
      Map<String, JsonNode> options,
      Map<String, JsonNode> preparation) {
    this.source = source;
    this.config = config;
    this.options = options;
    this.preparation = preparation;
  }

  /**
   * Reads a recipe.
   *
   * @param file where it is, at most 64 KiB
   * @param optionNames the options that a recipe may hold in addition to a config's values, such as
   *     {@code rate-factor}
   * @throws InputException if the file cannot be read, is not a recipe, or has an unknown key or
   *     one key twice
   */
  public static Recipe read(Path file, Set<String> optionNames) {
    JsonNode tree =
        new StrictYaml("Cannot read recipe " + file, MAXIMUM_BYTES, MAXIMUM_DEPTH).read(file);
    return of(file.toString(), tree, optionNames);
  }

  /**
   * A recipe that was read.
   *
   * @param source what to call its place in an error
   * @param tree its options
   * @param optionNames the options that a recipe may hold in addition to a config's values
   * @throws InputException if it is not a recipe, or has an unknown key or one key twice
   */
  public static Recipe of(String source, JsonNode tree, Set<String> optionNames) {
    if (!(tree instanceof ObjectNode)) {
      throw new InputException(
          "Cannot read recipe %s: it must be 'option: value' lines, such as 'batch: 64'"
              .formatted(source));
    }
    ObjectNode values = underscored(tree, source);
    Map<String, JsonNode> preparation = preparation(values.remove(PREPARE), source);
    Set<String> configKeys = TrainingOption.keys();
    Map<String, String> synonyms = synonyms();
    Set<String> optionKeys = new TreeSet<>();
    optionNames.forEach(name -> optionKeys.add(name.replace('-', '_')));
    Map<String, JsonNode> options = new TreeMap<>();
    for (Map.Entry<String, JsonNode> value : values.deepCopy().properties()) {
      String key = value.getKey();
      Check.input(!value.getValue().isNull(), "Cannot use %s: '%s' has no value", source, key);
      Check.input(
          !synonyms.containsKey(key) || !values.has(synonyms.get(key)),
          "Cannot use %s: '%s' and '%s' are the same",
          source,
          key,
          synonyms.get(key));
      boolean word =
          value.getValue().isTextual()
              && (isOf(WORDS, key) || isWord(key, value.getValue().textValue()));
      if (optionKeys.contains(key) && (word || !configKeys.contains(key))) {
        options.put(key.replace('_', '-'), value.getValue());
        values.remove(key);
      } else {
        requireKnown(key, configKeys, optionKeys, source);
      }
    }
    return new Recipe(source, values, options, preparation);
  }

  private static Map<String, JsonNode> preparation(JsonNode part, String source) {
    Map<String, JsonNode> values = new TreeMap<>();
    if (part != null) {
      Check.input(
          part.isObject() && !part.isEmpty(),
          "Cannot use %s: '%s' has options of prepare below it, such as 'input: images'",
          source,
          PREPARE);
      part.properties()
          .forEach(value -> values.put(value.getKey().replace('_', '-'), value.getValue()));
    }
    return values;
  }

  private static boolean isOf(Set<String> types, String key) {
    return TrainingOption.keys().contains(key) && types.contains(TrainingOption.ofKey(key).type());
  }

  private static boolean isWord(String key, String value) {
    return TrainingOption.keys().contains(key)
        && !value.isEmpty()
        && TrainingOption.ofKey(key).word().equals(value);
  }

  /** Names of options, with underscores, that are not the keys of their values. */
  private static Map<String, String> synonyms() {
    Map<String, String> synonyms = new TreeMap<>();
    for (TrainingOption option : TrainingOption.ofCommand()) {
      String name = option.name().replace('-', '_');
      if (option.isOfJob() && !name.equals(option.key())) {
        synonyms.put(name, option.key());
      }
    }
    return synonyms;
  }

  private static ObjectNode underscored(JsonNode node, String source) {
    ObjectNode result = ConfigFormat.object();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String key = field.getKey().replace('-', '_');
      JsonNode value = field.getValue();
      boolean rename = value.isObject() && !isOf(MAPS, key);
      Check.input(!result.has(key), "Cannot use %s: '%s' is there twice", source, key);
      result.set(key, rename ? underscored(value, source) : value);
    }
    return result;
  }

  private static void requireKnown(
      String key, Set<String> configKeys, Set<String> optionKeys, String source) {
    Set<String> known = new TreeSet<>(configKeys);
    known.addAll(optionKeys);
    Check.input(
        known.contains(key),
        "Cannot use %s: unknown key '%s'; %s",
        source,
        key,
        Suggestion.among(key, known));
  }

  /**
   * A builder with the recipe's values, and defaults where it has none.
   *
   * @throws InputException if a value does not fit its key
   */
  public TrainingConfig.Builder config() {
    return ConfigFormat.merge(config, source, TrainingConfig.builder());
  }

  /** The values of other options, by the options' names. */
  public Map<String, JsonNode> options() {
    return Collections.unmodifiableMap(options);
  }

  /** The options of {@code prepare}, by their names; empty without a part {@code prepare}. */
  public Map<String, JsonNode> preparation() {
    return Collections.unmodifiableMap(preparation);
  }

  /** Where it is from, for errors. */
  public String source() {
    return source;
  }
}
