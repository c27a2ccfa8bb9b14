// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.json.StrictJson;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.spec.Shape;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a file of another format says of a model in addition to layers and parameters. Stoker writes
 * it as text by key, which both safetensors and ONNX have room for; other programs write other
 * keys.
 *
 * @param classNames the names of the classes, in label order
 * @param mean the mean of each channel in pixel units, which is subtracted from images
 * @param standardDeviation what images are divided by, in pixel units
 * @param input the shape of the model's input
 * @param images the shape of the images that predictions are made of
 * @param exactPixels whether image files are decoded in full for it
 * @param temperature by which scores are divided before softmax
 */
public record PortableMetadata(
    Optional<List<String>> classNames,
    Optional<List<Double>> mean,
    Optional<List<Double>> standardDeviation,
    Optional<Shape> input,
    Optional<Shape> images,
    boolean exactPixels,
    Optional<Double> temperature) {
  /** The name of this program under {@link #PRODUCER}. */
  public static final String STOKER = "stoker";

  /** The key of the model's name. */
  public static final String MODEL = "model";

  private static final String PRODUCER = "producer";
  private static final String CLASS_NAMES = "class_names";
  private static final String MEAN = "mean";
  private static final String DEVIATION = "standard_deviation";
  private static final String INPUT = "input";
  private static final String IMAGES = "images";
  private static final String EXACT_PIXELS = "exact_pixels";
  private static final String TEMPERATURE = "temperature";
  private static final JsonMapper JSON = StrictJson.mapper().build();

  /** Of a file that says nothing. */
  public static final PortableMetadata NONE =
      new PortableMetadata(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          false,
          Optional.empty());

  /**
   * What Stoker writes of a model.
   *
   * @param metadata the model
   * @param parametersSha256 the digest of its canonical vector
   * @param temperature by which scores are divided before softmax; 1 is not mentioned
   */
  public static Map<String, String> of(
      ModelMetadata metadata, String parametersSha256, double temperature) {
    Map<String, String> text = new TreeMap<>();
    text.put(PRODUCER, STOKER);
    text.put(MODEL, metadata.model().name());
    text.put("parameters_sha256", parametersSha256);
    text.put(CLASS_NAMES, json(metadata.classNames()));
    text.put(MEAN, json(metadata.mean()));
    text.put(DEVIATION, json(metadata.standardDeviation()));
    text.put(INPUT, json(metadata.model().input()));
    text.put(IMAGES, json(metadata.images()));
    if (metadata.exactPixels()) {
      text.put(EXACT_PIXELS, json(true));
    }
    if (temperature != 1) {
      text.put(TEMPERATURE, json(temperature));
    }
    return text;
  }

  /** This, with the temperature of a graph where the file says none. */
  public PortableMetadata withTemperature(Optional<Double> ofGraph) {
    return new PortableMetadata(
        classNames,
        mean,
        standardDeviation,
        input,
        images,
        exactPixels,
        temperature.or(() -> ofGraph));
  }

  /**
   * Reads what {@link #of} wrote; nothing if another program wrote the file.
   *
   * @param text by key
   * @param file the file's name, for messages
   * @throws io.stoker.failure.DamagedException if a value is not as Stoker writes it
   */
  public static PortableMetadata read(Map<String, String> text, String file) {
    if (!STOKER.equals(text.get(PRODUCER))) {
      return NONE;
    }
    return new PortableMetadata(
        value(text, CLASS_NAMES, String[].class, file).map(Arrays::asList),
        value(text, MEAN, Double[].class, file).map(Arrays::asList),
        value(text, DEVIATION, Double[].class, file).map(Arrays::asList),
        shape(text, INPUT, file),
        shape(text, IMAGES, file),
        value(text, EXACT_PIXELS, Boolean.class, file).orElse(false),
        value(text, TEMPERATURE, Double.class, file)
            .map(
                temperature -> {
                  Check.undamaged(
                      temperature > 0 && Double.isFinite(temperature),
                      "Cannot read %s: '%s' is no temperature",
                      file,
                      TEMPERATURE);
                  return temperature;
                }));
  }

  private static Optional<Shape> shape(Map<String, String> text, String key, String file) {
    return value(text, key, int[].class, file)
        .map(
            sizes -> {
              Check.undamaged(sizes.length == 3, "Cannot read %s: '%s' is no shape", file, key);
              try {
                return new Shape(sizes[0], sizes[1], sizes[2]);
              } catch (InputException e) {
                throw new DamagedException(
                    "Cannot read %s: its '%s': %s".formatted(file, key, e.getMessage()), e);
              }
            });
  }

  private static <T> Optional<T> value(
      Map<String, String> text, String key, Class<T> type, String file) {
    return Optional.ofNullable(text.get(key))
        .map(
            json ->
                StrictJson.read(
                    JSON,
                    json.getBytes(StandardCharsets.UTF_8),
                    type,
                    "%s: its '%s'".formatted(file, key)));
  }

  private static String json(Shape shape) {
    return json(List.of(shape.height(), shape.width(), shape.channels()));
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
