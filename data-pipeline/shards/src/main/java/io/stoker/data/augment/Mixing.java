// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * How examples are mixed: instead of an example, a network is shown a mix of it and another one of
 * its batch, and is to answer with the same mix of their classes. mixup (Zhang et al., 2018,
 * "mixup: Beyond Empirical Risk Minimization", equation 1) takes a weighted mean, CutMix (Yun et
 * al., 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
 * Features", equations 1 and 2) puts a part of the other image in its place. With both, each
 * example is mixed by the one or the other with equal chances. How an example is mixed depends on
 * (seed, epoch, sample id) alone.
 *
 * @param mixup of the distribution Beta(mixup, mixup) that shares are drawn from; 0 for no mixup
 * @param cutmix of the distribution Beta(cutmix, cutmix) that areas are drawn from; 0 for no CutMix
 */
public record Mixing(double mixup, double cutmix) implements Serializable {
  /** Nothing is mixed. */
  public static final Mixing NONE = new Mixing(0, 0);

  private static final double LARGEST = 100;
  private static final long MIXUP = 4;
  private static final long LOT = 5;
  private static final long CUTMIX = 6;

  public Mixing {
    Check.input(
        mixup >= 0 && mixup <= LARGEST,
        "Invalid mixup: %s (must be > 0 and at most 100, or 0 for none; the paper has 0.2 for"
            + " ImageNet, 1 for CIFAR)",
        mixup);
    Check.input(
        cutmix >= 0 && cutmix <= LARGEST,
        "Invalid cutmix: %s (must be > 0 and at most 100, or 0 for none; the paper has 1)",
        cutmix);
  }

  /** Whether anything is mixed. */
  public boolean isOn() {
    return mixup > 0 || cutmix > 0;
  }

  /**
   * How an example is mixed, where mixing is on.
   *
   * @param seed the job's root seed
   * @param epoch from 0
   * @param sampleId the sample's identity
   * @param image the shape of the images
   */
  public Mix draw(long seed, int epoch, long sampleId, ImageShape image) {
    long key = SplitMix64.mix(seed, epoch, sampleId);
    boolean cut = cutmix > 0 && (mixup == 0 || (SplitMix64.mix(key, LOT) & 1) == 1);
    return cut
        ? patch(SplitMix64.mix(key, CUTMIX), image)
        : new Mix.Mean((float) Draw.beta(SplitMix64.mix(key, MIXUP), mixup));
  }

  /**
   * A part of the image with the share of the area that is drawn, in the shape of the image, around
   * a centre that is anywhere in it; what of the part is outside of the image is cut off.
   */
  private Mix patch(long key, ImageShape image) {
    double side = StrictMath.sqrt(1 - Draw.beta(key, cutmix));
    int halfHeight = (int) (side / 2 * image.height());
    int halfWidth = (int) (side / 2 * image.width());
    int y = SplitMix64.below(SplitMix64.mix(key, 2), image.height());
    int x = SplitMix64.below(SplitMix64.mix(key, 3), image.width());
    int top = Math.max(0, y - halfHeight);
    int left = Math.max(0, x - halfWidth);
    int bottom = Math.min(image.height(), y + halfHeight);
    int right = Math.min(image.width(), x + halfWidth);
    float share = 1 - (float) ((bottom - top) * (right - left)) / image.area();
    return new Mix.Patch(top, left, bottom, right, share);
  }
}
