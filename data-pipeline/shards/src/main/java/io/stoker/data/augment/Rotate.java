// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Turns an image around its centre (Simard et al., 2003, "Best Practices for Convolutional Neural
 * Networks Applied to Visual Document Analysis", section 2).
 *
 * @param degrees at most, in either direction
 */
public record Rotate(double degrees) implements Augmentation.Geometric {
  public Rotate {
    Check.input(
        degrees >= 0 && degrees <= 180, "Invalid rotate: %s degrees (must be 0 to 180)", degrees);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    double angle = StrictMath.toRadians(Draw.symmetric(key, 0, degrees));
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    map.then(cos, -sin, sin, cos);
  }
}
