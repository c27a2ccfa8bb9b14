// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a network is shown of an image when nothing is left to chance: a window of the size that it
 * takes, mirrored or not.
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
    return Stream.concat(
            five.stream(), five.stream().map(view -> new View(view.top, view.left, true)))
        .toList();
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

  /** Adds the view to a map of the image. */
  void compose(AffineMap map, ImageShape input) {
    map.thenCut(top, left, input);
    if (mirrored) {
      map.then(-1, 0, 0, 1);
    }
  }
}
