// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;

/** Random numbers of one augmentation of one sample, told apart by their use. */
final class Draw {
  private Draw() {}

  /** A whole number of {@code [-range, range]}, each equally likely. */
  static int whole(long key, int use, int range) {
    return SplitMix64.below(SplitMix64.mix(key, use), 2 * range + 1) - range;
  }

  /** A number of {@code [0, 1)}. */
  static double unit(long key, int use) {
    return SplitMix64.unit(SplitMix64.mix(key, use));
  }

  /** A number of {@code [-range, range)}. */
  static double symmetric(long key, int use, double range) {
    return range * (2 * unit(key, use) - 1);
  }

  /** A standard normal number, by Box and Muller; strict, so that it is the same everywhere. */
  static double normal(long key, int use) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - unit(key, 2 * use)));
    return radius * StrictMath.cos(2 * Math.PI * unit(key, 2 * use + 1));
  }

  /** A number of the distribution Beta(alpha, alpha): the share of one of two gamma variates. */
  static double beta(long key, double alpha) {
    double first = logarithmOfGamma(SplitMix64.mix(key, 0), alpha);
    double second = logarithmOfGamma(SplitMix64.mix(key, 1), alpha);
    return 1 / (1 + StrictMath.exp(second - first));
  }

  /**
   * The logarithm of a gamma variate, which for a small shape may itself be too small for a number
   * (Marsaglia and Tsang, 2000, "A Simple Method for Generating Gamma Variables", sections 2 and
   * 6).
   */
  private static double logarithmOfGamma(long key, double shape) {
    if (shape < 1) {
      double larger = logarithmOfGamma(SplitMix64.mix(key, 0), shape + 1);
      return larger + StrictMath.log(1 - unit(key, 1)) / shape;
    }
    double d = shape - 1.0 / 3;
    double c = 1 / StrictMath.sqrt(9 * d);
    for (int attempt = 0; ; attempt++) {
      long draw = SplitMix64.mix(key, attempt);
      double x = normal(draw, 0);
      double root = 1 + c * x;
      if (root > 0) {
        double v = root * root * root;
        double bound = 0.5 * x * x + d - d * v + d * StrictMath.log(v);
        if (StrictMath.log(1 - unit(draw, 2)) < bound) {
          return StrictMath.log(d * v);
        }
      }
    }
  }

  /** The nearest value that a pixel can have. */
  static byte pixel(double value) {
    return (byte) (int) Math.max(0, Math.min(255, Math.rint(value)));
  }
}
