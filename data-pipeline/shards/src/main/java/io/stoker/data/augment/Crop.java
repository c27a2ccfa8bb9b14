// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/**
 * Cuts a random window of the size that the network takes, each place equally likely: of an image
 * that is larger (Krizhevsky et al., 2012, section 4.1), or of one that was padded with zeros (He
 * et al., 2016, "Deep Residual Learning for Image Recognition", section 4.2).
 *
 * @param padding pixels on each side; or {@link #AUTOMATIC}
 * @param border what the padding shows
 */
public record Crop(int padding, Border border) implements Augmentation.Geometric {
  /** 4 where the image has the network's size, and else none: as the two papers. */
  public static final int AUTOMATIC = -1;

  private static final int CUSTOMARY = 4;

  public Crop {
    Check.input(
        padding >= AUTOMATIC && padding <= 1024,
        "Invalid crop: %d pixels of padding (must be 0 to 1024)",
        padding);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    int around = padding;
    if (padding == AUTOMATIC) {
      around = map.hasSizeOf(input) ? CUSTOMARY : 0;
    }
    map.continueWith(border);
    map.thenCut(
        place(SplitMix64.mix(key, 1), map.height(), input.height(), around),
        place(SplitMix64.mix(key, 0), map.width(), input.width(), around),
        input);
  }

  /** Where the window begins; before the image, perhaps, in the padding. */
  private static int place(long hash, int from, int to, int around) {
    return SplitMix64.below(hash, from + 2 * around - to + 1) - around;
  }
}
