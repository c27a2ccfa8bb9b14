// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.stoker.driver.config.LocalSteps;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.search.SearchSpace;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ml.param.Param;

/**
 * The trials of a {@link StokerTuner}: its params and its space as the space of a study, whose
 * names are those of options, and the options of a trial as the params of a classifier.
 */
final class TunerTrials {
  /** What a study adds to the options of a trial, and no param says. */
  private static final Set<String> OF_STUDY =
      Set.of("data", "run", "validate-every", "validation-split", "keep");

  private static final JsonMapper MAPPER = new JsonMapper();

  private static final String LOCAL_STEPS = "local-steps";
  private static final String CLASS_WEIGHTS = "class-weights";

  /** The params that are options, by the names of the options. */
  private static final Map<String, ParamEntry> PARAMS =
      TrainingOption.ofCommand().stream()
          .filter(
              option -> option.param().filter(param -> param.of().contains("tuner")).isPresent())
          .collect(
              Collectors.toMap(
                  TrainingOption::name,
                  option -> option.param().orElseThrow(),
                  (one, other) -> one,
                  TreeMap::new));

  private final StokerTuner tuner;
  private final Configuration hadoop;

  TunerTrials(StokerTuner tuner, Configuration hadoop) {
    this.tuner = tuner;
    this.hadoop = hadoop;
  }

  /** A classifier with the params of a tuner. */
  static StokerClassifier classifier(StokerTuner tuner) {
    StokerClassifier classifier = new StokerClassifier(tuner.uid());
    for (Param<?> param : classifier.params()) {
      if (tuner.hasParam(param.name()) && tuner.isSet(tuner.getParam(param.name()))) {
        classifier.set(param.name(), tuner.getOrDefault(tuner.getParam(param.name())));
      }
    }
    return classifier;
  }

  /**
   * The space of the study: that of the user, and the params that all trials share.
   *
   * @throws InputException if it is none
   */
  ObjectNode space() {
    Check.input(
        ParamRules.isGiven(tuner, tuner.space()),
        "Missing space: set the param space (such as '{stepSize: {from: 0.01, to: 0.3}}')");
    ObjectNode space = JsonNodeFactory.instance.objectNode();
    PARAMS.forEach(
        (option, entry) -> {
          if (tuner.isSet(tuner.getParam(entry.name())) && SearchSpace.mayHold(option)) {
            space.set(option, option(option, tuner.getOrDefault(tuner.getParam(entry.name()))));
          }
        });
    ObjectNode given = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> each : read().properties()) {
      String option = option(each.getKey());
      Check.input(!given.has(option), "Cannot use space: '%s' is there twice", each.getKey());
      given.set(option, each.getValue());
    }
    space.setAll(given);
    try {
      SearchSpace.of(space);
    } catch (InputException e) {
      throw new InputException("Cannot use space: " + e.getMessage(), e);
    }
    return space;
  }

  private ObjectNode read() {
    String text = tuner.getSpace();
    boolean isText = text.contains("{") || text.contains(": ");
    JsonNode tree = isText ? parsed(text) : SearchSpace.yaml("space " + text).read(Path.of(text));
    if (!(tree instanceof ObjectNode options)) {
      throw new InputException(
          "Cannot read space: it must be 'param: values' lines, such as 'batchSize: [32, 64]'");
    }
    return options;
  }

  private static JsonNode parsed(String text) {
    try {
      return SearchSpace.yaml("space")
          .read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The option that a key of the space means, by its own name or by that of its param. */
  private static String option(String key) {
    return PARAMS.entrySet().stream()
        .filter(param -> param.getValue().name().equals(key))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(key.replace('_', '-'));
  }

  /** The value of a param as that of its option. */
  private JsonNode option(String option, Object value) {
    return switch (option) {
      case LOCAL_STEPS ->
          tuner.getLocalStepsCoefficient() == 0
              ? json(value)
              : json(
                  new LocalSteps(tuner.getLocalSteps(), tuner.getLocalStepsCoefficient())
                      .toString());
      case CLASS_WEIGHTS ->
          value.toString().contains("=") || value.toString().startsWith("{")
              ? json(TrainingParams.numbers("classWeights", value.toString()))
              : json(value);
      case "init" -> json(ClassifierFit.initialModel(value.toString(), hadoop));
      default -> value instanceof String[] texts ? json(String.join(",", texts)) : json(value);
    };
  }

  private static JsonNode json(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** A classifier with the params of the tuner, changed by the options of a trial. */
  StokerClassifier classifier(String source, ObjectNode options) {
    StokerClassifier classifier = classifier(tuner);
    for (Map.Entry<String, JsonNode> option : options.properties()) {
      if (!OF_STUDY.contains(option.getKey())) {
        set(classifier, source, option.getKey(), option.getValue());
      }
    }
    return classifier;
  }

  /** A job of the options of a trial, for {@link io.stoker.driver.search.TrialOptions}. */
  TrainingConfig job(String source, ObjectNode options) {
    StokerClassifier classifier = classifier(source, options);
    TrainingConfig job =
        new TrainingParams(classifier)
                .config(
                    options.path("data").asText(),
                    options.path("run").asText(),
                    ClassifierFit.initialModel(classifier.getInitModel(), hadoop),
                    options.has("validate-every") ? ValidationConfig.EPOCH : 0)
                .toBuilder()
                .keep(options.path("keep").asInt(classifier.getKeepCheckpoints()))
                .build();
    job.requireEpochs();
    return job;
  }

  private static void set(
      StokerClassifier classifier, String source, String option, JsonNode value) {
    ParamEntry entry = PARAMS.get(option);
    Check.input(entry != null, "Cannot use %s: '%s' is no param of a StokerTuner", source, option);
    try {
      if (option.equals(LOCAL_STEPS) && value.isTextual()) {
        LocalSteps steps = LocalSteps.parse(value.textValue());
        classifier.setLocalSteps(steps.least()).setLocalStepsCoefficient(steps.coefficient());
        return;
      }
      if (option.equals(LOCAL_STEPS)) {
        classifier.setLocalStepsCoefficient(0);
      }
      classifier.set(entry.name(), TableParams.value(entry, fitting(entry, value, source)));
    } catch (IllegalArgumentException e) { // the param's own rule
      throw new InputException(
          "Cannot use %s: invalid value %s of '%s'".formatted(source, value, entry.name()), e);
    }
  }

  /** A value in the kind of JSON that {@link TableParams#value} takes. */
  private static JsonNode fitting(ParamEntry entry, JsonNode value, String source) {
    Optional<JsonNode> fitting =
        switch (entry.type()) {
          case "int" -> kept(value, each -> each.isIntegralNumber() && each.canConvertToInt());
          case "long" -> kept(value, each -> each.isIntegralNumber() && each.canConvertToLong());
          case "double" -> kept(value, JsonNode::isNumber);
          case "flag" -> kept(value, JsonNode::isBoolean);
          case "list" -> kept(value, JsonNode::isTextual).map(text -> list(text.textValue()));
          default -> Optional.of(value.isTextual() ? value : TextNode.valueOf(text(value)));
        };
    return fitting.orElseThrow(
        () ->
            new InputException(
                "Cannot use %s: invalid value %s of '%s' (its type is %s)"
                    .formatted(source, value, entry.name(), entry.type())));
  }

  private static Optional<JsonNode> kept(JsonNode value, Predicate<JsonNode> fits) {
    return Optional.of(value).filter(fits);
  }

  private static String text(JsonNode value) {
    return value.isObject() ? value.toString() : value.asText();
  }

  private static ArrayNode list(String text) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    Stream.of(text.split(",", -1)).filter(part -> !part.isBlank()).forEach(list::add);
    return list;
  }
}
