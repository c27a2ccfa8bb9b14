// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.yaml.StrictYaml;
import io.stoker.driver.config.Preset;
import io.stoker.driver.config.TrainingOption;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The options that a study varies, and those that all its trials share.
 *
 * @param dimensions what varies, in the order of the file
 * @param fixed the values that all trials share, by option
 */
public record SearchSpace(List<Dimension> dimensions, ObjectNode fixed) {
  private static final int MAXIMUM_BYTES = 1 << 16;
  private static final int MAXIMUM_DEPTH = 4;
  private static final Set<String> RANGE = Set.of("from", "to", "scale");

  /** Options that the study sets, or that are not about the result of one training. */
  private static final Set<String> OF_STUDY =
      Set.of(
          "data",
          "input",
          "format",
          "run",
          "recipe",
          "preset",
          "classes",
          "resume",
          "quorum",
          "work-by-speed",
          "replay",
          "timing",
          "checkpoint-every",
          "keep",
          "validate-every",
          "validation-split",
          "metric",
          "calibrate",
          "device",
          "gang",
          "dashboard",
          "tensorboard",
          "mlflow");

  public SearchSpace {
    dimensions = List.copyOf(dimensions);
  }

  /**
   * Reads a space, and checks it.
   *
   * @param file where it is
   * @param preset what has the options that are not in the file; nothing if it is empty
   * @return all options
   * @throws InputException if it is none
   */
  public static ObjectNode read(Path file, Optional<Preset> preset) {
    JsonNode tree = yaml("space " + file).read(file);
    if (!(tree instanceof ObjectNode options)) {
      throw new InputException(
          "Cannot read space %s: it must be 'option: values' lines, such as 'batch: [32, 64]'"
              .formatted(file));
    }
    try {
      ObjectNode all = preset.map(named -> around(named, options)).orElse(options);
      of(all);
      return all;
    } catch (InputException e) {
      throw new InputException("Cannot use space %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * The space of a preset.
   *
   * @param options those that are given in its place, as in a space
   * @throws InputException if one that the preset needs is missing
   */
  public static ObjectNode around(Preset preset, ObjectNode options) {
    Set<String> given = new TreeSet<>();
    options.fieldNames().forEachRemaining(name -> given.add(canonical(name)));
    preset.requireNeeds(given::contains, "'%s' in --space");
    ObjectNode all = preset.space();
    all.properties().removeIf(each -> given.contains(each.getKey()) || !mayHold(each.getKey()));
    return all.setAll(options);
  }

  private static String canonical(String name) {
    return name.replace('_', '-');
  }

  /**
   * Reads the text of a space, without a look at its options.
   *
   * @param source what to call it in an error
   */
  public static StrictYaml yaml(String source) {
    return new StrictYaml("Cannot read " + source, MAXIMUM_BYTES, MAXIMUM_DEPTH);
  }

  /** Whether an option can be in a space. */
  public static boolean mayHold(String option) {
    return !OF_STUDY.contains(option);
  }

  /**
   * The space of a tree.
   *
   * @param tree values by option, as {@link #read} reads them
   * @throws InputException if it is none
   */
  public static SearchSpace of(ObjectNode tree) {
    List<Dimension> dimensions = new ArrayList<>();
    ObjectNode fixed = JsonNodeFactory.instance.objectNode();
    Set<String> seen = new TreeSet<>();
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      String name = canonical(entry.getKey());
      Check.input(seen.add(name), "'%s' is there twice", name);
      requireOption(name);
      JsonNode value = entry.getValue();
      if (value.isObject() && !TrainingOption.named(name).type().equals("class-weights")) {
        dimensions.add(range(name, value));
      } else if (value.isArray()) {
        dimensions.add(choice(name, value));
      } else {
        Check.input(!value.isNull(), "'%s' has no value", name);
        fixed.set(name, value);
      }
    }
    JsonNode epochs = fixed.path("epochs");
    Check.input(
        epochs.isMissingNode()
            ? !seen.contains("epochs")
            : epochs.canConvertToInt() && epochs.isIntegralNumber() && epochs.intValue() >= 1,
        "'epochs' is one whole number");
    Check.input(!dimensions.isEmpty(), "no option varies (say '{from: X, to: Y}' or '[A, B]')");
    return new SearchSpace(dimensions, fixed);
  }

  private static void requireOption(String name) {
    Set<String> known =
        TrainingOption.ofCommand().stream()
            .map(TrainingOption::name)
            .filter(SearchSpace::mayHold)
            .collect(Collectors.toCollection(TreeSet::new));
    Check.input(mayHold(name), "'%s' is not for a space (tune sets it, or does not need it)", name);
    Check.input(
        known.contains(name), "unknown option '%s'; %s", name, Suggestion.among(name, known));
  }

  private static Dimension choice(String name, JsonNode list) {
    List<JsonNode> values = new ArrayList<>();
    list.forEach(values::add);
    Check.input(values.size() >= 2, "'%s' needs at least two values", name);
    Check.input(
        Set.copyOf(values.stream().map(JsonNode::toString).toList()).size() == values.size(),
        "'%s' has a value twice",
        name);
    return new Dimension.Choice(name, values);
  }

  private static Dimension range(String name, JsonNode node) {
    node.fieldNames()
        .forEachRemaining(
            key ->
                Check.input(
                    RANGE.contains(key),
                    "unknown key '%s' of '%s'; %s",
                    key,
                    name,
                    Suggestion.among(key, new TreeSet<>(RANGE))));
    JsonNode from = node.path("from");
    JsonNode to = node.path("to");
    String type = TrainingOption.named(name).type();
    Check.input(
        type.equals("int")
            || type.equals("long")
            || type.equals("double")
            || type.equals("local-steps"),
        "'%s' has no range: it is no number (say '[A, B]')",
        name);
    boolean whole = !type.equals("double");
    Check.input(
        from.isNumber()
            && to.isNumber()
            && (!whole || (from.isIntegralNumber() && to.isIntegralNumber())),
        "'%s' needs two %s: {from: X, to: Y}",
        name,
        whole ? "integers" : "numbers");
    Check.input(
        !whole || (from.canConvertToLong() && to.canConvertToLong()),
        "'%s' is out of range of long: %s to %s",
        name,
        from,
        to);
    String scale = node.path("scale").asText("linear");
    Check.input(
        scale.equals("log") || scale.equals("linear"),
        "unknown scale '%s' of '%s' (linear or log)",
        scale,
        name);
    Check.input(
        from.doubleValue() < to.doubleValue()
            && Double.isFinite(to.doubleValue() - from.doubleValue()),
        "the range of '%s' is empty: %s to %s",
        name,
        from,
        to);
    Check.input(
        scale.equals("linear") || from.doubleValue() > 0,
        "'%s' begins at %s, and a log scale needs numbers above 0",
        name,
        from);
    return new Dimension.Range(
        name, from.doubleValue(), to.doubleValue(), whole, scale.equals("log"));
  }

  /** The options that vary. */
  public List<String> names() {
    return dimensions.stream().map(Dimension::name).toList();
  }

  /**
   * The options of a trial.
   *
   * @param point a position for each dimension
   */
  ObjectNode at(double[] point) {
    ObjectNode values = fixed.deepCopy();
    for (int i = 0; i < point.length; i++) {
      values.set(dimensions.get(i).name(), dimensions.get(i).at(point[i]));
    }
    return values;
  }

  /**
   * Options of trials that are to be possible: each value of {@link Dimension#corners} by itself.
   */
  public List<ObjectNode> corners() {
    List<ObjectNode> corners = new ArrayList<>();
    for (Dimension dimension : dimensions) {
      for (JsonNode value : dimension.corners()) {
        corners.add(at(middle()).set(dimension.name(), value));
      }
    }
    return corners;
  }

  private double[] middle() {
    double[] point = new double[dimensions.size()];
    Arrays.fill(point, 0.5);
    return point;
  }
}
