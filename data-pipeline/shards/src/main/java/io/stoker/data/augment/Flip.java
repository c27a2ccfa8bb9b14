// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;

/**
 * Mirrors every second image, left to right.
 *
 * @param choice which images of an epoch
 */
public record Flip(Choice choice) implements Augmentation.Geometric {
  /** Which images are mirrored. */
  public enum Choice {
    /** Each with a probability of one half (Krizhevsky et al., 2012, section 4.1). */
    RANDOM,

    /**
     * Half of them in one epoch and the other half in the next, so that each two epochs show both
     * sides of each image (Jordan, 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", section
     * 3.6).
     */
    ALTERNATE
  }

  /** Mirrors images at random. */
  public Flip() {
    this(Choice.RANDOM);
  }

  @Override
  public long bits(long seed, int epoch, long sampleId, int place) {
    return choice == Choice.ALTERNATE
        ? Augmentation.Geometric.super.bits(seed, 0, sampleId, place) + epoch
        : Augmentation.Geometric.super.bits(seed, epoch, sampleId, place);
  }

  @Override
  public void compose(AffineMap map, ImageShape input, long key) {
    long drawn = choice == Choice.ALTERNATE ? key : SplitMix64.mix(key);
    if ((drawn & 1) == 1) {
      map.then(-1, 0, 0, 1);
    }
  }
}
