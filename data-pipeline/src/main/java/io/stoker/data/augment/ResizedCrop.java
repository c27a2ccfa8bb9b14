package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Cuts a random part of an image and enlarges it to the image's size (Szegedy et al., 2015, "Going
 * Deeper with Convolutions", section 6): its area is uniform, the logarithm of its aspect ratio is
 * uniform between that of 3:4 and that of 4:3, so far as the image has room for it.
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
  public void compose(AffineMap map, ImageShape shape, long key) {
    double area = minimumArea + (1 - minimumArea) * Draw.unit(key, 0);
    double ratio = StrictMath.exp(Draw.symmetric(key, 1, StrictMath.log(4.0 / 3)));
    double width = Math.min(1, Math.sqrt(area * ratio));
    double height = Math.min(1, Math.sqrt(area / ratio));
    map.thenMove(
        Draw.symmetric(key, 2, (1 - width) / 2) * shape.width(),
        Draw.symmetric(key, 3, (1 - height) / 2) * shape.height());
    map.then(width, 0, 0, height);
  }
}
