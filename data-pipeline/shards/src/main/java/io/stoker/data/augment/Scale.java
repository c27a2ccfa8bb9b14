// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Makes what an image shows larger or smaller, around its centre (LeCun et al., 1998,
 * "Gradient-Based Learning Applied to Document Recognition", section III.C).
 *
 * @param range the factor is between {@code 1 - range} and {@code 1 + range}
 */
public record Scale(double range) implements Augmentation.Geometric {
  public Scale {
    Check.input(range >= 0 && range < 1, "Invalid scale: %s (must be 0 to less than 1)", range);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    double factor = 1 + Draw.symmetric(key, 0, range);
    map.then(1 / factor, 0, 0, 1 / factor);
  }
}
