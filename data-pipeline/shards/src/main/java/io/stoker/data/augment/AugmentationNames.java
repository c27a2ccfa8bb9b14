// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** The names of augmentations, the keys of their values, and what these are when none is given. */
final class AugmentationNames {
  private static final List<String> ALL =
      List.of(
          "shift",
          "flip",
          "crop",
          "resized-crop",
          "rotate",
          "scale",
          "shear",
          "brightness",
          "contrast",
          "saturation",
          "color-noise",
          "erase",
          "trivial-augment",
          "rand-augment");

  private static final String NONE = "none";

  /** A number after a comma is no name, but a value of the one before: {@code rand-augment=2,9}. */
  private static final Pattern NUMBER = Pattern.compile("\\s*\\d");

  private AugmentationNames() {}

  static List<Augmentation> parse(String text) {
    return text.isBlank()
        ? List.of()
        : checked(
            canonical(Arrays.asList(text.split(",", -1))).stream()
                .map(name -> parseOne(name.trim()))
                .toList());
  }

  static List<String> canonical(List<String> names) {
    if (names.size() == 1 && names.get(0).strip().equals(NONE)) {
      return List.of();
    }
    List<String> canonical = new ArrayList<>();
    for (String name : names) {
      if (canonical.isEmpty() || !NUMBER.matcher(name).lookingAt()) {
        canonical.add(name);
      } else {
        int last = canonical.size() - 1;
        canonical.set(last, canonical.get(last).stripTrailing() + ":" + name.strip());
      }
    }
    return List.copyOf(canonical);
  }

  private static List<Augmentation> checked(List<Augmentation> augmentations) {
    Check.input(
        augmentations.stream().filter(one -> one instanceof Augmentation.Policy).count() <= 1,
        "Invalid augmentations: trivial-augment and rand-augment are given together, or one of them"
            + " twice (give one of them, once)");
    return augmentations;
  }

  private static Augmentation parseOne(String text) {
    String name = AugmentationText.name(text);
    return switch (name) {
      case "shift" -> {
        AugmentationText given = new AugmentationText(text, "shift=2", "pixels", "border");
        yield new Shift(given.wholeNumber("pixels", 2), border(given));
      }
      case "flip" -> {
        AugmentationText given = new AugmentationText(text, "flip or flip=alternate", "choice");
        yield new Flip(given.choice("choice", List.of(Flip.Choice.values())));
      }
      case "crop" -> crop(new AugmentationText(text, "crop=4", "padding", "border"));
      case "resized-crop" -> new ResizedCrop(number(text, "area", 0.08));
      case "rotate" -> new Rotate(number(text, "degrees", 10));
      case "scale" -> new Scale(number(text, "range", 0.1));
      case "shear" -> new Shear(number(text, "range", 0.1));
      case "brightness" -> new Brightness(number(text, "range", 0.2));
      case "contrast" -> new Contrast(number(text, "range", 0.2));
      case "saturation" -> new Saturation(number(text, "range", 0.2));
      case "color-noise" -> new ColorNoise(number(text, "sigma", 0.1));
      case "erase" -> erase(text);
      case "trivial-augment" -> {
        Check.input(
            text.equals(name), "Invalid augmentation: '%s' (%s takes no value)", text, name);
        yield new TrivialAugment();
      }
      case "rand-augment" -> {
        AugmentationText given =
            new AugmentationText(text, "rand-augment=2:9", "operations", "magnitude");
        yield new RandAugment(
            given.wholeNumber("operations", 2), given.wholeNumber("magnitude", 9));
      }
      default ->
          throw new InputException(
              "Unknown augmentation: '" + text + "'; " + Suggestion.among(name, ALL));
    };
  }

  /** That of an augmentation that has one number. */
  private static double number(String text, String key, double otherwise) {
    String example = AugmentationText.name(text) + "=" + otherwise;
    return new AugmentationText(text, example, key).number(key, otherwise);
  }

  private static Border border(AugmentationText given) {
    return given.choice("border", List.of(Border.values()));
  }

  private static Crop crop(AugmentationText given) {
    int padding = given.wholeNumber("padding", Crop.AUTOMATIC);
    Check.input(
        !given.has("padding") || padding >= 0, "Invalid crop: %d (must be >= 0 pixels)", padding);
    return new Crop(padding, border(given));
  }

  private static Augmentation erase(String text) {
    AugmentationText given =
        new AugmentationText(
            text,
            "erase=0.3 for a square, erase=p=0.5:area=0.02-0.33:aspect=0.3-3.3:fill=noise for"
                + " rectangles",
            "side",
            "p",
            "area",
            "aspect",
            "fill");
    if (!given.has("p", "area", "aspect", "fill")) {
      return new Erase(given.number("side", 0.3));
    }
    if (given.has("side")) {
      throw given.invalid(null);
    }
    return new RandomErasing(
        given.number("p", 0.5),
        given.range("area", 0.02, 0.33),
        given.range("aspect", 0.3, 3.3),
        given.choice("fill", List.of(RandomErasing.Fill.values())));
  }
}
