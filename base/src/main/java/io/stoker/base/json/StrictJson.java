// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.json;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.stoker.base.TerminalText;
import io.stoker.failure.DamagedException;
import io.stoker.failure.NewerVersionException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads JSON that Stoker wrote. A file that is not what Stoker writes is damaged, in whatever way:
 * text that is no JSON, JSON of another type, a key that appears twice, a number that does not fit,
 * anything after the end. All of them end in a {@link DamagedException} that says where and why.
 */
public final class StrictJson {
  private static final int DEEPEST_NESTING = 100;
  private static final int LONGEST_NUMBER = 64;
  private static final int LONGEST_REASON = 200;

  private static final Pattern DUPLICATE = Pattern.compile("Duplicate field '([^']*)'");
  private static final Pattern OUT_OF_RANGE =
      Pattern.compile("Numeric value \\((.*)\\) out of range");

  private StrictJson() {}

  /** Begins a mapper that accepts what Stoker writes, and nothing that is only like it. */
  public static JsonMapper.Builder mapper() {
    JsonFactory factory =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST_NESTING)
                    .maxNumberLength(LONGEST_NUMBER)
                    .build())
            .build();
    return JsonMapper.builder(factory)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
        .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
        .withCoercionConfig(
            LogicalType.Textual,
            text ->
                text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail));
  }

  /**
   * Reads a value.
   *
   * @param mapper made by {@link #mapper}
   * @param json the whole text
   * @param type what it must be
   * @param place where the text is from, as in {@code "/runs/a/run.json"} or {@code
   *     "/runs/a/metrics.jsonl: line 3"}
   * @throws DamagedException if it is anything else; the message has the place, the reason, and the
   *     field or the line
   */
  public static <T> T read(JsonMapper mapper, byte[] json, Class<T> type, String place) {
    try {
      T value = mapper.readValue(json, type);
      if (value == null) {
        throw damaged(place, "it is null", null);
      }
      return value;
    } catch (JsonProcessingException e) {
      throw damaged(place, reason(e) + where(e), e);
    } catch (IOException e) { // a text that is not UTF-8
      throw damaged(place, "it is no text", e);
    }
  }

  /**
   * Reads a value of which fields may be absent, because an earlier release did not write them:
   * they are 0 or empty. An explicit null is damage.
   *
   * @param mapper made by {@link #mapper}, with {@code FAIL_ON_MISSING_CREATOR_PROPERTIES} and
   *     {@code FAIL_ON_NULL_FOR_PRIMITIVES} disabled
   * @param json the whole text
   * @param type what it must be
   * @param place where the text is from
   * @throws DamagedException if it is anything else
   */
  public static <T> T readOlder(JsonMapper mapper, byte[] json, Class<T> type, String place) {
    if (!holdsNull(json)) { // a file may have a million lines, and a tree takes its time
      return read(mapper, json, type, place);
    }
    ObjectNode tree = read(mapper, json, ObjectNode.class, place);
    requireNoNull(tree, place);
    return value(mapper, tree, type, place);
  }

  /**
   * Reads a value to which a later release has added numbers. All other fields must be there.
   *
   * @param mapper made by {@link #mapper}
   * @param json the whole text
   * @param type what it must be
   * @param added the names of the added fields, with the values that absent ones have
   * @param place where the text is from
   * @throws DamagedException if it is anything else
   */
  public static <T> T readOlder(
      JsonMapper mapper,
      byte[] json,
      Class<T> type,
      Map<String, ? extends Number> added,
      String place) {
    ObjectNode tree = read(mapper, json, ObjectNode.class, place);
    if (added.keySet().stream().allMatch(tree::has)) {
      return read(mapper, json, type, place);
    }
    added.forEach((name, value) -> tree.putIfAbsent(name, mapper.valueToTree(value)));
    return value(mapper, tree, type, place);
  }

  private static <T> T value(JsonMapper mapper, ObjectNode tree, Class<T> type, String place) {
    try {
      return mapper.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw damaged(place, reason(e) + where(e), e);
    }
  }

  /**
   * Refuses a record of a newer format. Its other fields may be unknown to this release, so this is
   * checked before they are read: "unknown field" would not say what is wrong. A text that is no
   * JSON, or has no version, passes: what reads all of it says so.
   *
   * @param mapper made by {@link #mapper}
   * @param json the whole text
   * @param field the name of the field with the version
   * @param newest the newest version that this release reads
   * @param place where the text is from
   * @throws DamagedException if the version is newer
   */
  public static void requireKnownVersion(
      JsonMapper mapper, byte[] json, String field, int newest, String place) {
    try (JsonParser parser = mapper.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return;
      }
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        JsonToken value = parser.nextToken();
        if (name.equals(field) && value == JsonToken.VALUE_NUMBER_INT) {
          BigInteger version = parser.getBigIntegerValue();
          if (version.compareTo(BigInteger.valueOf(newest)) > 0) {
            throw new NewerVersionException(
                "Cannot read %s: its %s is %s, of a newer Stoker; this one reads %s (use the one that wrote it)"
                    .formatted(place, field, shortened(version.toString()), newest));
          }
          return;
        }
        parser.skipChildren();
      }
    } catch (IOException e) {
      // Not valid JSON.
    }
  }

  /** Whether the letters "null" are anywhere in it. */
  private static boolean holdsNull(byte[] json) {
    for (int i = 3; i < json.length; i++) {
      if (json[i] == 'l' && json[i - 1] == 'l' && json[i - 2] == 'u' && json[i - 3] == 'n') {
        return true;
      }
    }
    return false;
  }

  private static void requireNoNull(JsonNode node, String place) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (field.getValue().isNull()) {
        throw damaged(
            place, "a value is null (field %s)".formatted(shortened(field.getKey())), null);
      }
      requireNoNull(field.getValue(), place);
    }
  }

  private static DamagedException damaged(String place, String reason, Exception cause) {
    return new DamagedException("Cannot read %s: %s".formatted(place, reason), cause);
  }

  private static String reason(JsonProcessingException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof StokerException known) {
        return known.getMessage();
      }
    }
    String message = String.valueOf(e.getOriginalMessage());
    Matcher duplicate = DUPLICATE.matcher(message);
    Matcher outOfRange = OUT_OF_RANGE.matcher(message);
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "the field '%s' is unknown".formatted(shortened(unknown.getPropertyName()));
    }
    if (e instanceof InvalidNullException || message.startsWith("Cannot map `null`")) {
      return "a value is null";
    }
    if (message.startsWith("Missing creator property")
        || message.startsWith("Missing required creator property")) {
      return "a field is missing";
    }
    if (duplicate.lookingAt()) {
      return "the field '%s' appears twice".formatted(shortened(duplicate.group(1)));
    }
    if (outOfRange.lookingAt()) {
      return "the number %s is out of range".formatted(outOfRange.group(1));
    }
    if (e instanceof JsonEOFException || message.contains("end-of-input")) {
      return "it ends too early";
    }
    if (e instanceof StreamConstraintsException) {
      return shortened(message);
    }
    if (message.startsWith("Trailing token")) {
      return "there is more after its end";
    }
    if (e instanceof ValueInstantiationException) {
      return "a value is missing or null";
    }
    if (e instanceof MismatchedInputException) {
      return "a value has the wrong type";
    }
    return "it is not valid JSON";
  }

  private static String shortened(String text) {
    String line = TerminalText.escapeLine(text);
    return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "...";
  }

  /** The field, by its path from the root, and the line in the text, as far as they are known. */
  private static String where(JsonProcessingException e) {
    List<String> parts = new ArrayList<>();
    if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
      parts.add("field " + path(mapping));
    }
    JsonLocation location = e.getLocation();
    if (location != null && location.getLineNr() > 0) {
      parts.add(
          String.format(
              Locale.ROOT, "line %d, column %d", location.getLineNr(), location.getColumnNr()));
    }
    return parts.isEmpty() ? "" : " (" + String.join(", ", parts) + ")";
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return shortened(path.toString());
  }
}
