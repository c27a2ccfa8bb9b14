// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import java.util.List;

/**
 * Changes each image by one operation of one strength, all equally likely (Müller and Hutter, 2021,
 * "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", table 5, wide), with the
 * operations and strengths of torchvision's {@code TrivialAugmentWide}.
 */
public record TrivialAugment() implements Augmentation.Policy {
  static final PolicyMagnitudes MAGNITUDES = new PolicyMagnitudes(0.99, 32, 135, 0.99, 6);

  @Override
  public void apply(PolicyCanvas canvas, byte[] pixels, long key) {
    int bin = SplitMix64.below(SplitMix64.mix(key, 2), PolicyMagnitudes.BINS);
    MAGNITUDES.applyOperation(canvas, pixels, bin, key);
  }

  @Override
  public List<Augmentation> parts() {
    return SingleOperation.of(MAGNITUDES);
  }
}
