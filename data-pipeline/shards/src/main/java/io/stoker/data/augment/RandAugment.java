// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.failure.Check;
import java.util.List;

/**
 * Changes each image by several operations of one strength, one after the other, all equally likely
 * (Cubuk et al., 2020, "RandAugment: Practical Automated Data Augmentation with a Reduced Search
 * Space", section 3), with the operations and strengths of torchvision's {@code RandAugment}.
 *
 * @param operations how many
 * @param magnitude their strength, 0 to 30
 */
public record RandAugment(int operations, int magnitude) implements Augmentation.Policy {
  static final PolicyMagnitudes MAGNITUDES = new PolicyMagnitudes(0.3, 0, 30, 0.9, 4);

  private static final int MOST = 14;

  public RandAugment {
    Check.input(
        operations >= 1 && operations <= MOST,
        "Invalid rand-augment: %d operations (must be 1 to %d)",
        operations,
        MOST);
    Check.input(
        magnitude >= 0 && magnitude < PolicyMagnitudes.BINS,
        "Invalid rand-augment: a magnitude of %d (must be 0 to %d)",
        magnitude,
        PolicyMagnitudes.BINS - 1);
  }

  @Override
  public void apply(PolicyCanvas canvas, byte[] pixels, long key) {
    for (int i = 0; i < operations; i++) {
      MAGNITUDES.applyOperation(canvas, pixels, magnitude, SplitMix64.mix(key, i));
    }
  }

  @Override
  public List<Augmentation> parts() {
    return SingleOperation.of(MAGNITUDES);
  }
}
