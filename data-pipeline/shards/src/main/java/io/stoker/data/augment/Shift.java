// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Moves an image by whole pixels, across and down (LeCun et al., 1998, "Gradient-Based Learning
 * Applied to Document Recognition", section III.C).
 *
 * @param pixels at most, in each of the four directions
 * @param border what is shown outside of the data's image
 */
public record Shift(int pixels, Border border) implements Augmentation.Geometric {
  public Shift {
    Check.input(
        pixels >= 0 && pixels <= 1024, "Invalid shift: %d pixels (must be 0 to 1024)", pixels);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    map.continueWith(border);
    map.thenMove(Draw.whole(key, 0, pixels), Draw.whole(key, 1, pixels));
  }
}
