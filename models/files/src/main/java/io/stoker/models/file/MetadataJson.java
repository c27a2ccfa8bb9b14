// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.NewerVersionException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTree;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The entry {@code stoker.json}.
 *
 * @param metadata the model and everything else that prediction needs
 * @param parametersSha256 digest of the parameters, see {@link VectorDigest}
 * @param updaterStateSha256 digest of the updater state, if the file has it
 * @param updaterVectors how many vectors the updater state has: 2 with AdamW
 * @param stockMomentsSha256 digest of {@link StockMoments}, if the file has them
 * @param outerMomentumSha256 digest of the outer momentum, if the file has it
 * @param emaSha256 digest of the moving average of the parameters, if the file has it
 */
record MetadataJson(
    ModelMetadata metadata,
    String parametersSha256,
    Optional<String> updaterStateSha256,
    int updaterVectors,
    Optional<String> stockMomentsSha256,
    Optional<String> outerMomentumSha256,
    Optional<String> emaSha256) {
  private static final int FORMAT = 1;

  private static final Set<String> KEYS =
      Set.of(
          "format",
          "model",
          "parameters",
          "parameters_sha256",
          "updater_state_sha256",
          "updater_state_vectors",
          "stock_moments_sha256",
          "outer_momentum_sha256",
          "ema_sha256",
          "images",
          "class_names",
          "mean",
          "standard_deviation",
          "clock",
          "int8");
  private static final Set<String> RANGE_KEYS = Set.of("largest", "signed");
  private static final Set<String> CLOCK_KEYS =
      Set.of("round", "epoch", "step_of_epoch", "step", "examples");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Refuses duplicate keys and text after the end, which JSON leaves undefined. */
  static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.INDENT_OUTPUT);

  byte[] write() {
    ObjectNode tree = MAPPER.createObjectNode();
    tree.put("format", FORMAT);
    tree.set("model", ModelTree.write(metadata.model()));
    tree.put("parameters", metadata.model().parameterCount());
    tree.put("parameters_sha256", parametersSha256);
    updaterStateSha256.ifPresent(digest -> tree.put("updater_state_sha256", digest));
    if (updaterStateSha256.isPresent() && updaterVectors > 1) {
      tree.put("updater_state_vectors", updaterVectors);
    }
    stockMomentsSha256.ifPresent(digest -> tree.put("stock_moments_sha256", digest));
    outerMomentumSha256.ifPresent(digest -> tree.put("outer_momentum_sha256", digest));
    emaSha256.ifPresent(digest -> tree.put("ema_sha256", digest));
    if (!metadata.images().equals(metadata.model().input())) {
      Shape images = metadata.images();
      tree.putArray("images").add(images.height()).add(images.width()).add(images.channels());
    }
    metadata.classNames().forEach(tree.putArray("class_names")::add);
    metadata.mean().forEach(tree.putArray("mean")::add);
    metadata.standardDeviation().forEach(tree.putArray("standard_deviation")::add);
    TrainingClock clock = metadata.clock();
    tree.putObject("clock")
        .put("round", clock.round())
        .put("epoch", clock.epoch())
        .put("step_of_epoch", clock.stepOfEpoch())
        .put("step", clock.step())
        .put("examples", clock.examples());
    if (!metadata.quantization().isEmpty()) {
      ObjectNode layers = tree.putObject("int8");
      metadata
          .quantization()
          .ranges()
          .forEach(
              (layer, range) ->
                  layers
                      .putObject(layer)
                      .put("largest", range.largest())
                      .put("signed", range.signed()));
    }
    try {
      return MAPPER.writeValueAsBytes(tree);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads the entry.
   *
   * @throws DamagedException if it is not as {@link #write} wrote it
   * @throws NewerVersionException if a newer Stoker wrote it
   */
  static MetadataJson read(byte[] bytes, String file) {
    try {
      JsonNode tree = MAPPER.readTree(bytes);
      int format = tree.path("format").asInt();
      if (format > FORMAT) {
        throw new NewerVersionException(
            "Cannot read model file %s: it has format %s, of a newer Stoker; this one reads %s (use the one that wrote it)"
                .formatted(file, format, FORMAT));
      }
      return read(tree);
    } catch (JsonProcessingException e) {
      throw damaged(file, e.getOriginalMessage(), e);
    } catch (IOException | Missing e) {
      throw damaged(file, e.getMessage(), e);
    } catch (InputException e) {
      throw damaged(file, e.getMessage(), e);
    }
  }

  private static DamagedException damaged(String file, String reason, Exception cause) {
    return new DamagedException(
        "Damaged model file %s: stoker.json: %s"
            .formatted(
                file, reason.lines().findFirst().orElse("no JSON").replaceAll("[^ -~]", "?")),
        cause);
  }

  /** A required value is missing or wrong. */
  private static final class Missing extends Exception {
    private static final long serialVersionUID = 1L;

    Missing(String message) {
      super(message);
    }
  }

  private static MetadataJson read(JsonNode tree) throws Missing {
    require(tree.path("format").asInt() == FORMAT, "format");
    requireKeys(tree, KEYS);
    // Only "dense: classes" needs the number of classes, and stoker.json spells that out.
    ModelSpec model = ModelTree.read(tree.path("model"), "model", 0);
    require(tree.path("parameters").asLong() == model.parameterCount(), "parameters");
    List<String> classNames = new ArrayList<>();
    for (JsonNode name : array(tree, "class_names")) {
      require(name.isTextual(), "class_names");
      classNames.add(name.textValue());
    }
    JsonNode clock = tree.path("clock");
    requireKeys(clock, CLOCK_KEYS);
    return new MetadataJson(
        new ModelMetadata(
            model,
            images(tree, model),
            classNames,
            numbers(tree, "mean"),
            numbers(tree, "standard_deviation"),
            new TrainingClock(
                count(clock, "round"),
                count(clock, "epoch"),
                count(clock, "step_of_epoch"),
                count(clock, "step"),
                count(clock, "examples")),
            quantization(tree)),
        digest(tree, "parameters_sha256"),
        optionalDigest(tree, "updater_state_sha256"),
        updaterVectors(tree),
        optionalDigest(tree, "stock_moments_sha256"),
        optionalDigest(tree, "outer_momentum_sha256"),
        optionalDigest(tree, "ema_sha256"));
  }

  private static Shape images(JsonNode tree, ModelSpec model) throws Missing {
    if (!tree.has("images")) {
      return model.input();
    }
    ArrayNode sizes = array(tree, "images");
    require(sizes.size() == 3, "images");
    for (JsonNode size : sizes) {
      require(size.canConvertToInt(), "images");
    }
    return new Shape(sizes.get(0).intValue(), sizes.get(1).intValue(), sizes.get(2).intValue());
  }

  private static Quantization quantization(JsonNode tree) throws Missing {
    if (!tree.has("int8")) {
      return Quantization.NONE;
    }
    require(tree.get("int8").isObject() && !tree.get("int8").isEmpty(), "int8");
    SortedMap<String, Quantization.Range> ranges = new TreeMap<>();
    for (Map.Entry<String, JsonNode> layer : tree.get("int8").properties()) {
      JsonNode range = layer.getValue();
      require(range.isObject(), "int8");
      requireKeys(range, RANGE_KEYS);
      require(range.path("largest").isNumber(), "largest");
      require(range.path("signed").isBoolean(), "signed");
      ranges.put(
          layer.getKey(),
          new Quantization.Range(
              range.get("largest").floatValue(), range.get("signed").booleanValue()));
    }
    return new Quantization(ranges);
  }

  private static int updaterVectors(JsonNode tree) throws Missing {
    if (!tree.has("updater_state_vectors")) {
      return 1;
    }
    require(
        tree.get("updater_state_vectors").isInt()
            && tree.get("updater_state_vectors").intValue() == 2
            && tree.has("updater_state_sha256"),
        "updater_state_vectors");
    return 2;
  }

  private static Optional<String> optionalDigest(JsonNode tree, String name) throws Missing {
    return tree.has(name) ? Optional.of(digest(tree, name)) : Optional.empty();
  }

  private static void requireKeys(JsonNode tree, Set<String> known) throws Missing {
    for (Iterator<String> names = tree.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      require(known.contains(name), name);
    }
  }

  private static ArrayNode array(JsonNode tree, String name) throws Missing {
    require(tree.path(name).isArray(), name);
    return (ArrayNode) tree.get(name);
  }

  private static List<Double> numbers(JsonNode tree, String name) throws Missing {
    List<Double> numbers = new ArrayList<>();
    for (JsonNode number : array(tree, name)) {
      require(number.isNumber(), name);
      numbers.add(number.doubleValue());
    }
    return numbers;
  }

  private static long count(JsonNode tree, String name) throws Missing {
    require(tree.path(name).isIntegralNumber() && tree.get(name).canConvertToLong(), name);
    return tree.get(name).longValue();
  }

  private static String digest(JsonNode tree, String name) throws Missing {
    String text = tree.path(name).asText();
    require(SHA256.matcher(text).matches(), name);
    return text;
  }

  private static void require(boolean condition, String name) throws Missing {
    if (!condition) {
      throw new Missing("'" + name + "' is missing, unknown or has an invalid value");
    }
  }
}
