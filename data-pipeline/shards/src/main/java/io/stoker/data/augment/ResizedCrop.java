// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Cuts a random part of an image and resizes it to the size that the network takes (Szegedy et al.,
 * 2015, "Going Deeper with Convolutions", section 6): its area is uniform, the logarithm of how far
 * it is stretched is uniform between that of 3:4 and that of 4:3, so far as the image has room for
 * it.
 *
 * @param minimumArea of the part, as a share of the image's
 */
public record ResizedCrop(double minimumArea) implements Augmentation.Geometric {
  public ResizedCrop {
    Check.input(
        minimumArea > 0 && minimumArea <= 1,
        "Invalid resized-crop: %s (must be above 0 and at most 1)",
        minimumArea);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    double share = minimumArea + (1 - minimumArea) * Draw.unit(key, 0);
    double area = share * map.height() * map.width();
    double stretch = StrictMath.exp(Draw.symmetric(key, 1, StrictMath.log(4.0 / 3)));
    double ratio = stretch * input.width() / input.height();
    double width = Math.min(map.width(), Math.sqrt(area * ratio));
    double height = Math.min(map.height(), Math.sqrt(area / ratio));
    map.thenMove(
        Draw.symmetric(key, 2, (map.width() - width) / 2),
        Draw.symmetric(key, 3, (map.height() - height) / 2));
    map.thenEnlarge(width, height, input);
  }
}
