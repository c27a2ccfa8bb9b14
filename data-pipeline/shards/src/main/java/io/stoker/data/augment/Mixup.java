// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.failure.Check;

/**
 * mixup (Zhang et al., 2018, "mixup: Beyond Empirical Risk Minimization", equation 1): instead of
 * an example, a network is shown a weighted mean of it and another one of its batch, and is to
 * answer with the same mean of their classes. How much of an example remains depends on (seed,
 * epoch, sample id) alone.
 *
 * @param alpha of the distribution Beta(alpha, alpha) that shares are drawn from; 0 mixes nothing
 */
public record Mixup(double alpha) {
  /** Nothing is mixed. */
  public static final Mixup NONE = new Mixup(0);

  private static final double LARGEST = 100;
  private static final long USE = 4;

  public Mixup {
    Check.input(
        alpha >= 0 && alpha <= LARGEST,
        "Invalid mixup: %s (must be > 0 and at most 100, or 0 for none; the paper has 0.2 for"
            + " ImageNet, 1 for CIFAR)",
        alpha);
  }

  /** Whether anything is mixed. */
  public boolean isOn() {
    return alpha > 0;
  }

  /**
   * How much of an example is its own image, 0 to 1.
   *
   * @param seed the job's root seed
   * @param epoch from 0
   * @param sampleId the sample's identity
   */
  public float share(long seed, int epoch, long sampleId) {
    long key = SplitMix64.mix(SplitMix64.mix(seed, epoch, sampleId), USE);
    return (float) Draw.beta(key, alpha);
  }
}
