// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.stoker.data.plan.Sampling;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import io.stoker.failure.Suggestion;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A {@link TrainingConfig} as JSON, the form that it has in {@code run.json}. Keys are the options'
 * names with underscores. A {@link Recipe} has the same keys.
 */
public final class ConfigFormat {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
          .build();

  private static final String SAMPLING = "sampling";
  private static final String MLFLOW = "mlflow";
  private static final String PRECISION = "precision";
  private static final String CONVOLUTION = "convolution";
  private static final String METRIC = "metric";

  /** The key that no user chooses; tests do. */
  private static final String INTERNAL = "slice_bytes";

  /** The only one of earlier releases, whose jobs do not name it. */
  private static final ConvolutionAlgorithm EARLIER_CONVOLUTION = ConvolutionAlgorithm.DIRECT;

  /**
   * The keys that were added after the first release of the format, with the values that jobs of
   * that release have.
   */
  private static final Map<String, JsonNode> ADDED =
      Map.of(
          "class_weights",
          JSON.createObjectNode(),
          SAMPLING,
          TextNode.valueOf(Sampling.NATURAL.toString()),
          MLFLOW,
          TextNode.valueOf(""),
          PRECISION,
          TextNode.valueOf(Precision.FP32.toString()),
          CONVOLUTION,
          TextNode.valueOf(EARLIER_CONVOLUTION.toString()),
          "normalization",
          TextNode.valueOf(NormalizationSource.DATA.toString()),
          "overlap_steps",
          IntNode.valueOf(0),
          METRIC,
          TextNode.valueOf(SelectionMetric.AUTO.toString()));

  /** The key whose value says its type. */
  static final String SCHEDULE = "schedule";

  private ConfigFormat() {}

  /**
   * The config as a JSON object. Values that earlier releases did not know are there only if they
   * are not what these releases did, so that the hashes of earlier jobs stay as they are.
   */
  public static ObjectNode toJson(TrainingConfig config) {
    ObjectNode json = JSON.valueToTree(config.toBuilder());
    ADDED.forEach(
        (key, value) -> {
          if (json.path(key).equals(value)) {
            json.remove(key);
          }
        });
    return json;
  }

  /**
   * Reads a config from a JSON object that {@link #toJson} has written, in this release or in an
   * earlier one.
   *
   * @param source what to call its place in an error
   * @throws InputException if a key is unknown or a value does not fit it
   */
  public static TrainingConfig fromJson(JsonNode json, String source) {
    return merge(json, source, TrainingConfig.builder().convolution(EARLIER_CONVOLUTION)).build();
  }

  /**
   * The options that a user can choose, those at their default too, by name; an object or a list is
   * text in JSON.
   */
  public static Map<String, String> options(TrainingConfig config) {
    ObjectNode json = JSON.valueToTree(config.toBuilder());
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

  /** The keys of a config. */
  static Set<String> keys() {
    Set<String> keys = new TreeSet<>();
    JSON.<ObjectNode>valueToTree(TrainingConfig.builder()).fieldNames().forEachRemaining(keys::add);
    return keys;
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
      Check.input(
          !field.getValue().isNull(), "Cannot use %s: '%s' has no value", source, field.getKey());
      Check.input( // Jackson would take a list for a type and its value.
          !field.getKey().equals(SCHEDULE) || field.getValue().isObject(),
          "Cannot use %s: '%s' has a value of the wrong kind",
          source,
          field.getKey());
    }
    try {
      if (json.has(SAMPLING)) {
        Sampling.parse(json.get(SAMPLING).asText());
      }
      if (json.has(PRECISION)) {
        Precision.parse(json.get(PRECISION).asText());
      }
      if (json.has(CONVOLUTION)) {
        ConvolutionAlgorithm.parse(json.get(CONVOLUTION).asText());
      }
      if (json.has(METRIC)) {
        SelectionMetric.parse(json.get(METRIC).asText());
      }
      return JSON.readerForUpdating(builder).readValue(json);
    } catch (InputException e) {
      throw new InputException("Cannot use %s: %s".formatted(source, e.getMessage()), e);
    } catch (JsonMappingException e) {
      if (e.getCause() instanceof StokerException reason) {
        throw new InputException("Cannot use %s: %s".formatted(source, reason.getMessage()), e);
      }
      throw new InputException("Cannot use %s: %s".formatted(source, reason(e)), e);
    } catch (IOException e) {
      throw new InputException("Cannot use %s: %s".formatted(source, e.getMessage()), e);
    }
  }

  private static String reason(JsonMappingException e) {
    String key =
        e.getPath().stream()
            .map(JsonMappingException.Reference::getFieldName)
            .filter(name -> name != null)
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
      return "unknown type '%s' of '%s' (known: constant, step, cosine, plateau)"
          .formatted(unknown.getTypeId(), key);
    }
    if (e instanceof InvalidFormatException unfit) {
      return "'%s' cannot be '%s'".formatted(key, unfit.getValue());
    }
    if (e instanceof MismatchedInputException) {
      return "'%s' has a value of the wrong kind".formatted(key);
    }
    return "'%s': %s".formatted(key, e.getOriginalMessage());
  }
}
