// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;

/**
 * The shapes of a data set's images: one for all of them, or to each its own.
 *
 * @param height of the images
 * @param width of the images
 * @param channels of every image, 1 or 3
 */
public record ImageShapes(IntRange height, IntRange width, int channels) implements Serializable {
  public ImageShapes {
    Check.undamaged(height != null && width != null, "Images without height or width");
    new ImageShape(height.least(), width.least(), channels); // It refuses what is none.
  }

  /** That of images that all have one shape. */
  public static ImageShapes of(ImageShape shape) {
    return new ImageShapes(
        IntRange.of(shape.height()), IntRange.of(shape.width()), shape.channels());
  }

  /** The shapes of these images and of others, which have as many channels. */
  public ImageShapes and(ImageShapes others) {
    return new ImageShapes(height.and(others.height), width.and(others.width), channels);
  }

  /**
   * The shape that all images have.
   *
   * @throws InputException if they have not
   */
  public ImageShape one() {
    if (!height.isOne() || !width.isOne()) {
      throw new InputException(
          "The images of the data differ in size: they are %s (prepare them with --size N, or with prepare: {size: N} in a recipe of train --input)"
              .formatted(this));
    }
    return new ImageShape(height.least(), width.least(), channels);
  }

  @Override
  public String toString() {
    return height + " x " + width + " x " + channels;
  }
}
