package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Pads an image with zeros and cuts a random window of the image's own size (He et al., 2016, "Deep
 * Residual Learning for Image Recognition", section 4.2).
 *
 * @param padding pixels on each side
 */
public record Crop(int padding) implements Augmentation.Geometric {
  public Crop {
    Check.input(
        padding >= 0 && padding <= 1024,
        "Invalid crop: %d pixels of padding (must be 0 to 1024)",
        padding);
  }

  @Override
  public void compose(AffineMap map, ImageShape shape, long key) {
    map.thenMove(Draw.whole(key, 0, padding), Draw.whole(key, 1, padding));
  }
}
