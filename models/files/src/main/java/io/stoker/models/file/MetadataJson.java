// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.TerminalText;
import io.stoker.base.json.StrictJson;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTree;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
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
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  static final JsonMapper MAPPER =
      StrictJson.mapper()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** The entry's fields, in its order; those that may be absent are null then. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Fields(
      @JsonProperty(required = true) int format,
      @JsonProperty(required = true) JsonNode model,
      @JsonProperty(required = true) long parameters,
      @JsonProperty(required = true) String parametersSha256,
      String updaterStateSha256,
      Integer updaterStateVectors,
      String stockMomentsSha256,
      String outerMomentumSha256,
      String emaSha256,
      List<Integer> images,
      @JsonProperty(required = true) List<String> classNames,
      @JsonProperty(required = true) List<Double> mean,
      @JsonProperty(required = true) List<Double> standardDeviation,
      Boolean exactPixels,
      @JsonProperty(required = true) TrainingClock clock,
      SortedMap<String, Quantization.Range> int8) {}

  byte[] write() {
    ModelSpec model = metadata.model();
    Shape images = metadata.images();
    boolean severalVectors = updaterStateSha256.isPresent() && updaterVectors > 1;
    Fields fields =
        new Fields(
            FORMAT,
            ModelTree.write(model),
            model.parameterCount(),
            parametersSha256,
            updaterStateSha256.orElse(null),
            severalVectors ? (Integer) updaterVectors : null,
            stockMomentsSha256.orElse(null),
            outerMomentumSha256.orElse(null),
            emaSha256.orElse(null),
            images.equals(model.input())
                ? null
                : List.of(images.height(), images.width(), images.channels()),
            metadata.classNames(),
            metadata.mean(),
            metadata.standardDeviation(),
            metadata.exactPixels() ? true : null,
            metadata.clock(),
            metadata.quantization().isEmpty() ? null : metadata.quantization().ranges());
    try {
      return MAPPER.writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads the entry.
   *
   * @throws DamagedException if it is not as {@link #write} wrote it
   * @throws io.stoker.failure.NewerVersionException if a newer Stoker wrote it
   */
  static MetadataJson read(byte[] bytes, String file) {
    String place = "model file %s: stoker.json".formatted(file);
    StrictJson.requireKnownVersion(MAPPER, bytes, "format", FORMAT, place);
    try {
      return of(StrictJson.readOlder(MAPPER, bytes, Fields.class, place));
    } catch (InputException e) {
      String reason = TerminalText.escapeLine(e.getMessage()); // It may name keys of the model.
      throw new DamagedException("Cannot read %s: %s".formatted(place, reason), e);
    }
  }

  private static MetadataJson of(Fields fields) {
    require(fields.format == FORMAT, "format");
    // Only "dense: classes" needs the number of classes, and stoker.json spells that out.
    ModelSpec model = ModelTree.read(fields.model, "model", 0);
    require(fields.parameters == model.parameterCount(), "parameters");
    require(fields.images == null || fields.images.size() == 3, "images");
    require(fields.int8 == null || !fields.int8.isEmpty(), "int8");
    require(
        fields.updaterStateVectors == null
            || (fields.updaterStateVectors == 2 && fields.updaterStateSha256 != null),
        "updater_state_vectors");
    return new MetadataJson(
        new ModelMetadata(
            model,
            fields.images == null
                ? model.input()
                : new Shape(fields.images.get(0), fields.images.get(1), fields.images.get(2)),
            fields.classNames,
            fields.mean,
            fields.standardDeviation,
            fields.exactPixels != null && fields.exactPixels,
            fields.clock,
            fields.int8 == null ? Quantization.NONE : new Quantization(fields.int8)),
        digest(fields.parametersSha256, "parameters_sha256").orElseThrow(),
        digest(fields.updaterStateSha256, "updater_state_sha256"),
        fields.updaterStateVectors == null ? 1 : fields.updaterStateVectors,
        digest(fields.stockMomentsSha256, "stock_moments_sha256"),
        digest(fields.outerMomentumSha256, "outer_momentum_sha256"),
        digest(fields.emaSha256, "ema_sha256"));
  }

  private static Optional<String> digest(String text, String name) {
    require(text == null || SHA256.matcher(text).matches(), name);
    return Optional.ofNullable(text);
  }

  private static void require(boolean condition, String name) {
    Check.input(condition, "'%s' has an invalid value", name);
  }
}
