// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import io.stoker.failure.Suggestion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A {@link TrainingConfig} as JSON, the form that it has in {@code run.json}. Keys are the options'
 * names with underscores. A {@link Recipe} has the same keys.
 */
public final class ConfigFormat {
  /** Numbers are equal by value: 0 in the table is the 0.0 of a config. */
  private static final Comparator<JsonNode> BY_VALUE =
      (one, other) ->
          one.isNumber() && other.isNumber()
              ? Double.compare(one.doubleValue(), other.doubleValue())
              : one.equals(other) ? 0 : 1;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
          .build();

  /** The key that no user chooses; tests do. */
  private static final String INTERNAL = "slice_bytes";

  /** The key whose value says its type. */
  static final String SCHEDULE = "schedule";

  /** The key of the base learning rate. */
  static final String RATE = "learning_rate";

  /**
   * The keys of the first releases, in the order in which they are written, on which the hashes of
   * jobs depend. Keys that were added later follow, in alphabetical order.
   */
  private static final List<String> FIRST =
      List.of(
          "data",
          "run",
          "model",
          "workers",
          "batch",
          "local_steps",
          "epochs",
          RATE,
          SCHEDULE,
          "bias_rate",
          "layer_rates",
          "momentum",
          "weight_decay",
          "clip_norm",
          "label_smoothing",
          "updater_state",
          "every_step_epochs",
          "outer_rate",
          "outer_momentum",
          "outer_nesterov",
          "wire",
          "augmentations",
          "mixup",
          "seed",
          "checkpoint_every",
          "keep",
          "validate_every",
          "validation_split",
          "patience",
          "engine",
          "init",
          "freeze",
          "slice_bytes",
          "class_weights",
          "sampling",
          "mlflow",
          "precision",
          "convolution",
          "normalization",
          "overlap_steps");

  /** All keys, in the order in which they are written. */
  private static final Set<String> ORDER = new LinkedHashSet<>(FIRST);

  static {
    ORDER.addAll(TrainingOption.keys());
  }

  private ConfigFormat() {}

  /**
   * The config as a JSON object. Values that earlier releases did not know are there only if they
   * are not what these releases did, so that the hashes of earlier jobs stay as they are.
   */
  public static ObjectNode toJson(TrainingConfig config) {
    ObjectNode json = complete(config);
    for (TrainingOption option : TrainingOption.ofJob()) {
      JsonNode value = json.get(option.key());
      if (option.earlier().filter(earlier -> earlier.equals(BY_VALUE, value)).isPresent()) {
        json.remove(option.key());
      }
    }
    return json;
  }

  private static ObjectNode complete(TrainingConfig config) {
    Map<String, Object> values = ConfigComponents.valuesOf(config);
    ObjectNode json = JSON.createObjectNode();
    for (String key : ORDER) {
      json.set(key, json(TrainingOption.ofKey(key), values.get(key)));
    }
    return json;
  }

  /**
   * The options that a user can choose, those at their default too, by name; an object or a list is
   * text in JSON.
   */
  public static Map<String, String> options(TrainingConfig config) {
    ObjectNode json = complete(config);
    json.remove(INTERNAL);
    Map<String, String> options = new LinkedHashMap<>();
    json.properties()
        .forEach(
            option -> {
              JsonNode value = option.getValue();
              options.put(
                  option.getKey(), value.isTextual() ? value.textValue() : value.toString());
            });
    return options;
  }

  private static JsonNode json(TrainingOption option, Object value) {
    if (value instanceof Enum<?> choice) {
      return TextNode.valueOf(name(choice));
    }
    try (TokenBuffer buffer = new TokenBuffer(JSON, false)) {
      JSON.writerFor(type(option)).writeValue(buffer, value);
      return JSON.readTree(buffer.asParser());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JavaType type(TrainingOption option) {
    return JSON.constructType(ConfigComponents.type(option));
  }

  /**
   * Reads a config from a JSON object that {@link #toJson} has written, in this release or in an
   * earlier one.
   *
   * @param source what to call its place in an error
   * @throws InputException if a key is unknown or a value does not fit it
   */
  public static TrainingConfig fromJson(JsonNode json, String source) {
    TrainingConfig.Builder builder = TrainingConfig.builder();
    for (TrainingOption option : TrainingOption.ofJob()) {
      option.earlier().ifPresent(value -> builder.set(option.key(), value));
    }
    return merge(json, source, builder).build();
  }

  /** An empty JSON object. */
  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /**
   * Sets what a JSON object says.
   *
   * @param source what to call its place in an error
   * @return the builder
   * @throws InputException if a key is unknown or a value does not fit it
   */
  static TrainingConfig.Builder merge(
      JsonNode json, String source, TrainingConfig.Builder builder) {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      String key = field.getKey();
      Check.input(!field.getValue().isNull(), "Cannot use %s: '%s' has no value", source, key);
      Check.input(
          ORDER.contains(key),
          "Cannot use %s: unknown key '%s'; %s",
          source,
          key,
          Suggestion.among(key, TrainingOption.keys()));
      try {
        builder.set(key, field.getValue());
      } catch (InputException e) {
        throw new InputException("Cannot use %s: %s".formatted(source, e.getMessage()), e);
      }
    }
    return builder;
  }

  /**
   * A value of the type that the config has.
   *
   * @param value such a value, or one that JSON would have in its place
   * @throws InputException if it does not fit the option
   */
  static Object value(TrainingOption option, Object value) {
    JavaType type = type(option);
    if (MethodType.methodType(type.getRawClass()).wrap().returnType().isInstance(value)) {
      return value;
    }
    JsonNode json = JSON.valueToTree(value);
    Check.input( // Jackson would take a list for a type and its value.
        !option.key().equals(SCHEDULE) || json.isObject(),
        "'%s' has a value of the wrong kind",
        option.key());
    if (type.isEnumType()) {
      return choice(option, type, json.isValueNode() ? json.asText() : json.toString());
    }
    try {
      return JSON.readerFor(type).readValue(json);
    } catch (JsonMappingException e) {
      if (e.getCause() instanceof StokerException reason) {
        throw new InputException(reason.getMessage(), e);
      }
      throw new InputException(reason(option.key(), e), e);
    } catch (JsonProcessingException e) {
      throw new InputException("'%s': %s".formatted(option.key(), e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String reason(String option, JsonMappingException e) {
    String key =
        Stream.concat(
                Stream.of(option),
                e.getPath().stream().map(JsonMappingException.Reference::getFieldName))
            .filter(Objects::nonNull)
            .collect(Collectors.joining("."));
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "unknown key '%s'; %s"
          .formatted(
              key,
              Suggestion.among(
                  unknown.getPropertyName(),
                  unknown.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList()));
    }
    if (e instanceof InvalidTypeIdException unknown) {
      return "unknown type '%s' of '%s' (known: %s)"
          .formatted(
              unknown.getTypeId(),
              key,
              Arrays.stream(LearningRateSchedule.class.getAnnotation(JsonSubTypes.class).value())
                  .map(JsonSubTypes.Type::name)
                  .collect(Collectors.joining(", ")));
    }
    if (e instanceof InvalidFormatException unfit) {
      return "'%s' cannot be '%s'".formatted(key, unfit.getValue());
    }
    if (e instanceof MismatchedInputException) {
      return "'%s' has a value of the wrong kind".formatted(key);
    }
    return "'%s': %s".formatted(key, e.getOriginalMessage());
  }

  private static Object choice(TrainingOption option, JavaType type, String name) {
    Enum<?>[] choices = (Enum<?>[]) type.getRawClass().getEnumConstants();
    return Suggestion.choose(
        option.key().replace('_', ' '), name, List.of(choices), ConfigFormat::name);
  }

  /** What a choice is called in options and {@code run.json}, such as {@code macro-f1}. */
  private static String name(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
