// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;

/** Mirrors every second image, left to right (Krizhevsky et al., 2012, section 4.1). */
public record Flip() implements Augmentation.Geometric {
  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    if ((SplitMix64.mix(key) & 1) == 1) {
      map.then(-1, 0, 0, 1);
    }
  }
}
