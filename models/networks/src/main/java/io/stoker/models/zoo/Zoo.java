// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.yaml.StrictYaml;
import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelTree;
import io.stoker.models.spec.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The models that Stoker knows by name: {@code zoo.yaml} lists them, and each has a YAML file in
 * the format that users write, for images of the shape that it was made for.
 */
public final class Zoo {
  /**
   * What a model has differently for one size of images.
   *
   * @param first keys of the first convolution
   * @param note what users should know; null where there is nothing
   */
  private record Variant(Map<String, Integer> first, String note) {}

  /**
   * A model and the images that it takes.
   *
   * @param sizes the heights and widths that it takes, rising; empty for any image
   * @param channels the number of channels that it takes; null for any
   * @param rate the learning rate to begin with; null for that of most models
   * @param at what is different for a size
   */
  @SuppressWarnings("UnusedMethod") // Jackson calls the constructor.
  private record Entry(
      String summary,
      List<Integer> sizes,
      Integer channels,
      Double rate,
      Map<Integer, Variant> at) {
    Entry {
      sizes = sizes == null ? List.of() : List.copyOf(sizes);
      at = at == null ? Map.of() : Map.copyOf(at);
    }

    /** The largest input of the model that fits into the data's images. */
    Optional<Shape> input(Shape data) {
      if (channels != null && channels != data.channels()) {
        return Optional.empty();
      }
      return sizes.isEmpty()
          ? Optional.of(data)
          : sizes.stream()
              .filter(size -> size <= data.height() && size <= data.width())
              .max(Integer::compare)
              .map(size -> new Shape(size, size, data.channels()));
    }

    String images() {
      String shapes =
          sizes.stream().map(size -> size + " x " + size).collect(Collectors.joining(" or "));
      return channels == null ? shapes : shapes + " x " + channels;
    }
  }

  private static final int IMAGENET_HEIGHT = 224;

  private static final Map<String, Entry> ENTRIES =
      new ObjectMapper()
          .convertValue(read("zoo"), new TypeReference<LinkedHashMap<String, Entry>>() {});

  /** The files that were read, by the model's name. */
  private static final Map<String, JsonNode> FILES = new ConcurrentHashMap<>();

  private Zoo() {}

  /** The models' names, small to large. */
  public static List<String> names() {
    return List.copyOf(ENTRIES.keySet());
  }

  /**
   * A model in a few words.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static String summary(String name) {
    return entry(name).summary();
  }

  /**
   * The heights and widths of images that a model takes, rising; none for any.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static List<Integer> sizes(String name) {
    return entry(name).sizes();
  }

  /**
   * The learning rate to begin with, where that of most models is too high for this one; empty for
   * other models, and for those that are not of the zoo.
   */
  public static Optional<Double> learningRate(String name) {
    return Optional.ofNullable(ENTRIES.get(name)).map(Entry::rate);
  }

  /**
   * What is special about a model for its input, in one sentence; empty where nothing is, and for
   * models that are not of the zoo.
   */
  public static Optional<String> note(ModelSpec model) {
    return Optional.ofNullable(ENTRIES.get(model.name()))
        .map(entry -> entry.at().get(model.input().height()))
        .filter(variant -> variant.note() != null)
        .filter(variant -> build(model.name(), model.input(), model.classes()).equals(model))
        .map(Variant::note);
  }

  /**
   * The number of classes that a model was made for: ImageNet's thousand, or ten.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static int classes(String name) {
    return own(name).height() >= IMAGENET_HEIGHT ? 1000 : 10;
  }

  /**
   * A model for images of the shape that it was made for.
   *
   * @param name one of {@link #names}
   * @param classes the number of classes
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static ModelSpec model(String name, int classes) {
    return build(name, own(name), classes);
  }

  /**
   * A model for given images. If the images are larger than the largest input that the model has,
   * it takes windows of them.
   *
   * @param name one of {@link #names}
   * @param data the shape of the images
   * @param classes the number of classes
   * @throws io.stoker.failure.InputException if no model has that name, or it does not take these
   *     images
   */
  public static ModelSpec model(String name, Shape data, int classes) {
    Entry entry = entry(name);
    Optional<Shape> input = entry.input(data);
    Check.input(
        input.isPresent(),
        "Model %s does not fit the data: it takes images of %s, the data's are %s (larger ones are"
            + " cropped: prepare them with another --size or --channels)",
        name,
        entry.images(),
        data);
    return build(name, input.get(), classes);
  }

  /**
   * A model for images of one of its sizes.
   *
   * @param name one of {@link #names}
   * @param size the height and width of the images
   * @param classes the number of classes
   * @throws io.stoker.failure.InputException if no model has that name, or it does not have that
   *     size
   */
  public static ModelSpec sized(String name, int size, int classes) {
    Entry entry = entry(name);
    Check.input(
        size >= 1 && (entry.sizes().isEmpty() || entry.sizes().contains(size)),
        "Invalid input size: %d (model %s takes images of %s)",
        size,
        name,
        entry.sizes().isEmpty() ? "any size" : entry.images());
    return build(name, new Shape(size, size, own(name).channels()), classes);
  }

  private static ModelSpec build(String name, Shape input, int classes) {
    ObjectNode tree = FILES.computeIfAbsent(name, Zoo::read).deepCopy();
    tree.putArray("input").add(input.height()).add(input.width()).add(input.channels());
    Variant variant = entry(name).at().get(input.height());
    if (variant != null) {
      ObjectNode first = (ObjectNode) tree.get("layers").get(0).get("conv");
      variant.first().forEach(first::put);
    }
    return ModelTree.read(tree, name, classes);
  }

  /** The shape of the images that a model was made for. */
  private static Shape own(String name) {
    entry(name);
    JsonNode input = FILES.computeIfAbsent(name, Zoo::read).get("input");
    return new Shape(input.get(0).intValue(), input.get(1).intValue(), input.get(2).intValue());
  }

  private static Entry entry(String name) {
    Check.input(
        ENTRIES.containsKey(name),
        "Unknown model: %s; %s",
        name,
        Suggestion.among(name, ENTRIES.keySet()));
    return ENTRIES.get(name);
  }

  private static JsonNode read(String file) {
    try (InputStream stream = Zoo.class.getResourceAsStream(file + ".yaml")) {
      return new StrictYaml("Invalid model " + file, 1 << 20, 50)
          .read(Objects.requireNonNull(stream));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
