package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
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
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import io.stoker.failure.Suggestion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The text forms of a {@link TrainingConfig}: JSON in {@code run.json}, YAML in a recipe. Keys are
 * the options' names with underscores; a recipe may write hyphens.
 */
public final class ConfigFormat {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
          .build();

  private static final ObjectMapper YAML = new YAMLMapper();

  private static final String LAYER_RATES = "layer_rates";

  private ConfigFormat() {}

  /** The config as a JSON object. */
  public static ObjectNode toJson(TrainingConfig config) {
    return JSON.valueToTree(config.toBuilder());
  }

  /**
   * Reads a config from a JSON object.
   *
   * @param source what to call its place in an error
   * @throws InputException if a key is unknown or a value unfit
   */
  public static TrainingConfig fromJson(JsonNode json, String source) {
    return merge(json, source, TrainingConfig.builder()).build();
  }

  /**
   * Reads a recipe: the options of {@code stoker train} as YAML.
   *
   * @return a builder with the recipe's values, and defaults where it has none
   * @throws InputException if the file cannot be read, a key is unknown or a value unfit
   */
  public static TrainingConfig.Builder readRecipe(Path file) {
    JsonNode tree;
    try {
      tree = YAML.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new InputException(
          "Cannot read recipe %s: %s%s".formatted(file, e.getOriginalMessage(), place(e)), e);
    } catch (IOException e) {
      throw new InputException("Cannot read recipe %s: %s".formatted(file, e), e);
    }
    if (!(tree instanceof ObjectNode)) {
      throw new InputException(
          "Cannot read recipe %s: it must be 'option: value' lines, such as 'batch: 64'"
              .formatted(file));
    }
    return merge(underscored(tree), file.toString(), TrainingConfig.builder());
  }

  private static TrainingConfig.Builder merge(
      JsonNode json, String source, TrainingConfig.Builder builder) {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      Check.input(
          !field.getValue().isNull(), "Cannot use %s: '%s' has no value", source, field.getKey());
    }
    try {
      return JSON.readerForUpdating(builder).readValue(json);
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

  private static JsonNode underscored(JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      return node;
    }
    ObjectNode result = JSON.createObjectNode();
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String key = field.getKey().replace('-', '_');
      boolean names = key.equals(LAYER_RATES); // of layers, which stay as they are
      result.set(key, names ? field.getValue() : underscored(field.getValue()));
    }
    return result;
  }

  private static String place(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null ? "" : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
  }
}
