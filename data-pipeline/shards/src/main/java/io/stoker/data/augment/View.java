// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a network is shown of an image when nothing is left to chance: a window of the size that it
 * takes, mirrored or not. Where the window leaves the image, it shows the reflection at the border,
 * without the row or column of the border itself.
 *
 * @param top the window's first row in the image
 * @param left the window's first column in the image
 * @param mirrored whether left and right change places
 */
public record View(int top, int left, boolean mirrored) {
  /**
   * The middle of an image; where there are two, the one nearer to the top and the left.
   *
   * @param image the image's shape
   * @param input the shape that the network takes
   * @throws io.stoker.failure.InputException if the image is smaller
   */
  public static View centre(ImageShape image, ImageShape input) {
    requireRoom(image, input);
    return new View(
        (image.height() - input.height()) / 2, (image.width() - input.width()) / 2, false);
  }

  /**
   * The four corners, the middle, and the same five mirrored (Krizhevsky et al., 2012, section
   * 4.1).
   *
   * @param image the image's shape
   * @param input the shape that the network takes
   * @throws io.stoker.failure.InputException if the image is smaller
   */
  public static List<View> ten(ImageShape image, ImageShape input) {
    View centre = centre(image, input);
    int bottom = image.height() - input.height();
    int right = image.width() - input.width();
    List<View> five =
        List.of(
            new View(0, 0, false),
            new View(0, right, false),
            new View(bottom, 0, false),
            new View(bottom, right, false),
            centre);
    return flipped(five);
  }

  /** Some views, and then the same mirrored. */
  public static List<View> flipped(List<View> views) {
    return Stream.concat(
            views.stream(), views.stream().map(view -> new View(view.top, view.left, true)))
        .toList();
  }

  /**
   * The window further down and to the right by some pixels, or up and to the left if there are
   * fewer than 0. It may leave the image.
   */
  public View moved(int pixels) {
    return new View(top + pixels, left + pixels, mirrored);
  }

  /**
   * Makes sure that images have room for a window.
   *
   * @throws io.stoker.failure.InputException if they have not, or have other channels
   */
  static void requireRoom(ImageShape image, ImageShape input) {
    Check.input(
        input.height() <= image.height()
            && input.width() <= image.width()
            && input.channels() == image.channels(),
        "Cannot cut images of %s out of the data's, which are %s",
        input,
        image);
  }

  /**
   * Fills the part of a window that is outside of the image.
   *
   * @param image the image's shape
   * @param input the window's shape
   * @param target has the part inside, {@code [channels, height, width]} from the offset on
   */
  void reflect(ImageShape image, ImageShape input, float[] target, int offset) {
    int rows = input.height();
    int columns = input.width();
    int right = left + columns - image.width();
    int before = Math.max(0, mirrored ? right : -left);
    int after = Math.max(0, mirrored ? -left : right);
    int above = Math.max(0, -top);
    int below = Math.max(0, top + rows - image.height());
    if (before + after + above + below == 0) {
      return;
    }
    for (int channel = 0; channel < input.channels(); channel++) {
      int plane = offset + channel * input.area();
      for (int y = 0; y < rows; y++) {
        int from = plane + reflected(y, above, rows - below - 1) * columns;
        for (int x = 0; x < columns; x++) {
          target[plane + y * columns + x] =
              target[from + reflected(x, before, columns - after - 1)];
        }
      }
    }
  }

  /** The place that a place outside of {@code [first, last]} shows, which is inside. */
  private static int reflected(int at, int first, int last) {
    int inside = at < first ? 2 * first - at : at > last ? 2 * last - at : at;
    return Math.max(first, Math.min(last, inside));
  }

  /** Adds the view to a map of the image. */
  void compose(AffineMap map, ImageShape input) {
    map.thenCut(top, left, input);
    if (mirrored) {
      map.then(-1, 0, 0, 1);
    }
  }
}
