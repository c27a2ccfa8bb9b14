package io.stoker.data.augment;

import io.stoker.data.plan.Mixing;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.Arrays;
import java.util.List;

/**
 * A random change of an image that leaves its class as it is. What happens to a sample is a pure
 * function of a key, which {@link AugmentationChain} makes of (seed, epoch, sample id). Where a
 * change uncovers what was outside the image, there is 0 (black).
 */
public sealed interface Augmentation {
  /** The names that {@link #parse} knows. */
  List<String> NAMES = List.of("shift", "flip", "crop");

  /** One that moves pixels. */
  sealed interface Geometric extends Augmentation {
    /**
     * Adds the move of one image to a map.
     *
     * @param map of the augmentations before this one
     * @param key the image's random bits
     */
    void compose(AffineMap map, long key);
  }

  /**
   * Reads a list such as {@code shift,flip} or {@code crop=4,flip}; blank text is an empty list.
   *
   * @throws InputException for an unknown name or a value out of range
   */
  static List<Augmentation> parse(String text) {
    return text.isBlank()
        ? List.of()
        : Arrays.stream(text.split(",", -1)).map(name -> parseOne(name.trim())).toList();
  }

  private static Augmentation parseOne(String text) {
    String[] parts = text.split("=", 2);
    return switch (parts[0]) {
      case "shift" -> new Shift(wholeNumber(parts, Shift.DEFAULT_PIXELS));
      case "crop" -> new Crop(wholeNumber(parts, Crop.DEFAULT_PADDING));
      case "flip" -> {
        Check.input(parts.length == 1, "Invalid augmentation: '%s' (flip takes no value)", text);
        yield new Flip();
      }
      default ->
          throw new InputException(
              "Unknown augmentation: '" + text + "'; " + Suggestion.among(parts[0], NAMES));
    };
  }

  private static int wholeNumber(String[] parts, int otherwise) {
    try {
      return parts.length == 1 ? otherwise : Integer.parseInt(parts[1].trim());
    } catch (NumberFormatException e) {
      throw new InputException(
          "Invalid augmentation: '%s=%s' (try %s=%d)"
              .formatted(parts[0], parts[1], parts[0], otherwise),
          e);
    }
  }

  /** A whole number of {@code [-range, range]}, each equally likely. */
  private static int symmetric(long key, int use, int range) {
    return Mixing.below(Mixing.mix(key, use), 2 * range + 1) - range;
  }

  /**
   * Moves an image by whole pixels, across and down.
   *
   * @param pixels at most, in each of the four directions
   */
  record Shift(int pixels) implements Geometric {
    static final int DEFAULT_PIXELS = 2;

    public Shift {
      Check.input(
          pixels >= 0 && pixels <= 1024, "Invalid shift: %d pixels (must be 0 to 1024)", pixels);
    }

    @Override
    public void compose(AffineMap map, long key) {
      map.thenMove(symmetric(key, 0, pixels), symmetric(key, 1, pixels));
    }
  }

  /** Mirrors every second image, left to right. */
  record Flip() implements Geometric {
    @Override
    public void compose(AffineMap map, long key) {
      if ((Mixing.mix(key) & 1) == 1) {
        map.then(-1, 0, 0, 1);
      }
    }
  }

  /**
   * Pads an image with zeros and cuts a random window of the image's own size (He et al., 2016,
   * "Deep Residual Learning for Image Recognition", section 4.2).
   *
   * @param padding pixels on each side
   */
  record Crop(int padding) implements Geometric {
    static final int DEFAULT_PADDING = 4;

    public Crop {
      Check.input(
          padding >= 0 && padding <= 1024,
          "Invalid crop: %d pixels of padding (must be 0 to 1024)",
          padding);
    }

    @Override
    public void compose(AffineMap map, long key) {
      map.thenMove(symmetric(key, 0, padding), symmetric(key, 1, padding));
    }
  }
}
