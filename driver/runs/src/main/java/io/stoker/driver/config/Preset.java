// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.stoker.base.json.StrictJson;
import io.stoker.base.yaml.StrictYaml;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * A recipe that comes with Stoker, with what was measured of it. Each is a YAML file; see
 * docs/recipes.md.
 */
public final class Preset {
  private static final int MAXIMUM_BYTES = 1 << 16;
  private static final int MAXIMUM_DEPTH = 5;

  /** The presets, in the order in which they are listed. */
  private static final List<String> NAMES =
      List.of("fast", "best", "photos", "transfer", "imagenet");

  /** Presets for training without a model, of which the first that fits the images is taken. */
  private static final List<String> CHOICES = List.of("fast", "photos");

  /** How many samples the epochs of a preset are meant for. */
  private static final long SAMPLES = 50_000;

  /** How many times as many epochs fewer samples have at most. */
  private static final int MOST_TIMES = 10;

  private static final JsonMapper JSON =
      StrictJson.mapper()
          .disable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  /**
   * A preset's file.
   *
   * @param summary what it is for, in a few words
   * @param images the heights and widths of images that it is for
   * @param needs options that the user must give, with what each is
   * @param note what users should know; null for nothing
   * @param measured results
   * @param recipe the options
   * @param space what a search varies of them, as in the space of {@code tune}; null for nothing
   */
  @SuppressWarnings("UnusedMethod") // Jackson calls the constructor.
  private record Content(
      String summary,
      Sizes images,
      Map<String, String> needs,
      String note,
      List<ObjectNode> measured,
      ObjectNode recipe,
      ObjectNode space) {
    private Content {
      needs = needs == null ? Map.of() : new TreeMap<>(needs);
      measured = measured == null ? List.of() : List.copyOf(measured);
    }
  }

  /**
   * Heights and widths.
   *
   * @param least the smallest one
   * @param most the largest one
   */
  public record Sizes(int least, int most) {
    boolean fit(ImageShape images) {
      return Math.min(images.height(), images.width()) >= least
          && Math.max(images.height(), images.width()) <= most;
    }
  }

  private final String name;
  private final Content content;

  private Preset(String name, Content content) {
    this.name = name;
    this.content = content;
  }

  /** All presets. */
  public static List<Preset> all() {
    return NAMES.stream().map(Preset::read).toList();
  }

  /**
   * The preset of a name.
   *
   * @throws io.stoker.failure.InputException if there is none
   */
  public static Preset named(String name) {
    return read(Suggestion.choose("preset", name, NAMES, known -> known));
  }

  private static Preset read(String name) {
    String file = "presets/" + name + ".yaml";
    try (InputStream stream = Preset.class.getResourceAsStream(file)) {
      JsonNode tree =
          new StrictYaml("Cannot read preset " + name, MAXIMUM_BYTES, MAXIMUM_DEPTH).read(stream);
      return new Preset(name, JSON.treeToValue(tree, Content.class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** What it is for, in a few words. */
  public String summary() {
    return content.summary();
  }

  /** What users should know, if there is anything. */
  public Optional<String> note() {
    return Optional.ofNullable(content.note());
  }

  /** The heights and widths of images that it is for. */
  public Sizes images() {
    return content.images();
  }

  /** Options that the user must give in addition, with what each is. */
  public Map<String, String> needs() {
    return content.needs();
  }

  /**
   * What it reached: objects with {@code data}, and, as far as they were measured, {@code accuracy}
   * (the mean on the test split, in percent), {@code spread} (its standard deviation over the
   * seeds, in percentage points), {@code minutes} (all in, on two cores), {@code seeds} (their
   * number) and {@code commit}.
   */
  public List<ObjectNode> measured() {
    return content.measured();
  }

  /** Its options, by name. */
  public ObjectNode options() {
    return content.recipe().deepCopy();
  }

  /** Its options as a space of {@code tune}: those that a search varies, and the others. */
  public ObjectNode space() {
    ObjectNode options = options();
    // A list is a choice there.
    options.properties().stream()
        .filter(each -> each.getValue().isArray())
        .forEach(each -> each.setValue(new TextNode(joined(each.getValue()))));
    if (content.space() != null) {
      options.setAll(content.space());
    }
    return options;
  }

  private static String joined(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(JsonNode::asText)
        .collect(Collectors.joining(","));
  }

  /**
   * Makes sure that a user has given what it needs.
   *
   * @param given whether an option is given
   * @param place the format of an option's name where it can be given
   * @throws io.stoker.failure.InputException if one is not
   */
  public void requireNeeds(Predicate<String> given, String place) {
    needs()
        .forEach(
            (option, what) ->
                Check.input(
                    given.test(option),
                    "Preset %s needs %s: %s",
                    name,
                    place.formatted(option),
                    what));
  }

  /**
   * Its options as a recipe.
   *
   * @param optionNames the options that a recipe may hold in addition to a config's values
   */
  public Recipe recipe(Set<String> optionNames) {
    return Recipe.of("preset " + name, content.recipe(), optionNames);
  }

  /**
   * The preset for training on images for which the user names neither a model nor a preset.
   *
   * @return empty if there is none for images of this shape
   */
  public static Optional<Preset> choose(ImageShape images) {
    return CHOICES.stream()
        .map(Preset::read)
        .filter(preset -> preset.content.images().fit(images))
        .findFirst();
  }

  /**
   * Its epochs for a number of samples: of fewer than 50,000, so many more that there are about as
   * many steps, but at most ten times as many.
   *
   * @param samples how many are trained on
   */
  public int epochs(long samples) {
    int epochs = content.recipe().path("epochs").intValue();
    long wanted = (SAMPLES * epochs + samples - 1) / Math.max(1, samples);
    return (int) Math.max(epochs, Math.min(wanted, (long) MOST_TIMES * epochs));
  }

  /** Whether its own epochs are less than a tenth of the steps that it is meant to take. */
  public boolean isShortFor(long samples) {
    return samples * MOST_TIMES < SAMPLES;
  }

  /**
   * Makes sure that it is for images of a shape.
   *
   * @throws io.stoker.failure.InputException if it is not
   */
  public void requireFit(ImageShape images) {
    Check.input(
        content.images().fit(images),
        "Preset %s is for images of %d x %d to %d x %d, the data's are %d x %d (prepare --size"
            + " resizes them; presets lists the others)",
        name,
        content.images().least(),
        content.images().least(),
        content.images().most(),
        content.images().most(),
        images.height(),
        images.width());
  }
}
