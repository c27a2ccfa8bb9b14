// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.Numbers;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.Arrays;
import java.util.List;

/** The names of augmentations, and what their value is when none is given. */
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
          "erase");

  private AugmentationNames() {}

  static List<Augmentation> parse(String text) {
    return text.isBlank()
        ? List.of()
        : Arrays.stream(text.split(",", -1)).map(name -> parseOne(name.trim())).toList();
  }

  private static Augmentation parseOne(String text) {
    String[] parts = text.split("=", 2);
    return switch (parts[0]) {
      case "shift" -> new Shift(wholeNumber(parts, 2));
      case "flip" -> {
        Check.input(parts.length == 1, "Invalid augmentation: '%s' (flip takes no value)", text);
        yield new Flip();
      }
      case "crop" -> crop(parts);
      case "resized-crop" -> new ResizedCrop(number(parts, 0.08));
      case "rotate" -> new Rotate(number(parts, 10));
      case "scale" -> new Scale(number(parts, 0.1));
      case "shear" -> new Shear(number(parts, 0.1));
      case "brightness" -> new Brightness(number(parts, 0.2));
      case "contrast" -> new Contrast(number(parts, 0.2));
      case "saturation" -> new Saturation(number(parts, 0.2));
      case "color-noise" -> new ColorNoise(number(parts, 0.1));
      case "erase" -> new Erase(number(parts, 0.3));
      default ->
          throw new InputException(
              "Unknown augmentation: '" + text + "'; " + Suggestion.among(parts[0], ALL));
    };
  }

  private static Crop crop(String[] parts) {
    int padding = wholeNumber(parts, Crop.AUTOMATIC);
    Check.input(
        parts.length == 1 || padding >= 0, "Invalid crop: %d (must be >= 0 pixels)", padding);
    return new Crop(padding);
  }

  private static int wholeNumber(String[] parts, int otherwise) {
    try {
      return parts.length == 1 ? otherwise : Numbers.parseInt(parts[1].trim());
    } catch (NumberFormatException e) {
      throw invalid(parts, otherwise, e);
    }
  }

  private static double number(String[] parts, double otherwise) {
    try {
      return parts.length == 1 ? otherwise : Numbers.parseDouble(parts[1].trim());
    } catch (NumberFormatException e) {
      throw invalid(parts, otherwise, e);
    }
  }

  private static InputException invalid(String[] parts, Object example, Exception cause) {
    return new InputException(
        "Invalid augmentation: '%s=%s' (try %s=%s)"
            .formatted(parts[0], parts[1], parts[0], example),
        cause);
  }
}
