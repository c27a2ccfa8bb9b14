package io.stoker.data.augment;

import io.stoker.data.plan.Mixing;

/** Random numbers of one augmentation of one sample, told apart by their use. */
final class Draw {
  private Draw() {}

  /** A whole number of {@code [-range, range]}, each equally likely. */
  static int whole(long key, int use, int range) {
    return Mixing.below(Mixing.mix(key, use), 2 * range + 1) - range;
  }

  /** A number of {@code [0, 1)}. */
  static double unit(long key, int use) {
    return Mixing.unit(Mixing.mix(key, use));
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

  /** The nearest value that a pixel can have. */
  static byte pixel(double value) {
    return (byte) (int) Math.max(0, Math.min(255, Math.rint(value)));
  }
}
