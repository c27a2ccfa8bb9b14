// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import java.util.List;

/** Shows a network views of images, with no pixel changed: in evaluation. It is immutable. */
public final class Views {
  private final ImageShape image;
  private final ImageShape input;
  private final Resampler resampler;
  private final List<View> views;
  private final List<AffineMap> maps;

  /**
   * @param image the shape of the images
   * @param input the shape that the network takes
   * @param views what is shown of each image, in this order
   * @throws io.stoker.failure.InputException if the images are smaller than what is shown
   */
  public Views(ImageShape image, ImageShape input, List<View> views) {
    View.requireRoom(image, input);
    this.image = image;
    this.input = input;
    this.views = List.copyOf(views);
    this.resampler = new Resampler(image, input);
    this.maps =
        views.stream()
            .map(
                view -> {
                  AffineMap map = new AffineMap();
                  map.reset(image);
                  view.compose(map, input);
                  return map;
                })
            .toList();
  }

  /** The middle of each image. */
  public static Views centre(ImageShape image, ImageShape input) {
    return new Views(image, input, List.of(View.centre(image, input)));
  }

  /** How many there are of each image. */
  public int count() {
    return maps.size();
  }

  /** The shape that the network takes. */
  public ImageShape input() {
    return input;
  }

  /**
   * Shows one image, and gives each of its values the number that a table has for it.
   *
   * @param source interleaved uint8 {@code [height, width, channels]}
   * @param values for each channel, the number of each of the 256 values
   * @param target receives {@code [views, channels, height, width]}
   * @param offset where in the target
   */
  public void apply(byte[] source, float[][] values, float[] target, int offset) {
    for (int i = 0; i < maps.size(); i++) {
      int at = offset + i * input.bytes();
      resampler.applyExact(maps.get(i), source, values, target, at);
      views.get(i).reflect(image, input, target, at);
    }
  }
}
