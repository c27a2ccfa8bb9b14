// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Slants an image: each row moves sideways, by its distance from the middle (LeCun et al., 1998,
 * "Gradient-Based Learning Applied to Document Recognition", section III.C).
 *
 * @param range the most pixels a row, in either direction
 */
public record Shear(double range) implements Augmentation.Geometric {
  public Shear {
    Check.input(range >= 0 && range <= 2, "Invalid shear: %s (must be 0 to 2)", range);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    map.then(1, Draw.symmetric(key, 0, range), 0, 1);
  }
}
