// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A change of images of known strength, by which it is measured what a network makes of it. One
 * level of each leaves images as they are. What is left to chance (a direction, the noise) depends
 * on (seed, sample id) alone, and is the same at every level.
 *
 * <p>What moves pixels uncovers black, as augmentation does.
 */
public enum Distortion {
  /** By whole pixels, to one of the four sides. */
  SHIFT("% of the side", 0, 0.0, 4.0, 8.0, 12.0, 16.0, 24.0) {
    @Override
    PixelChange change(double level, ImageShape shape, long seed) {
      double across = Math.rint(level / 100 * shape.width());
      double down = Math.rint(level / 100 * shape.height());
      return moving(
          shape,
          (map, sampleId) -> {
            int side = SplitMix64.below(key(seed, sampleId), 4);
            int sign = side % 2 == 0 ? 1 : -1;
            map.thenMove(side < 2 ? sign * across : 0, side < 2 ? 0 : sign * down);
          });
    }
  },

  /** Larger or smaller, around the centre. */
  SCALE("times", 1, 0.5, 0.7, 0.85, 1.0, 1.15, 1.4, 2.0) {
    @Override
    PixelChange change(double level, ImageShape shape, long seed) {
      return moving(shape, (map, sampleId) -> map.then(1 / level, 0, 0, 1 / level));
    }
  },

  /** Around the centre, to the left or to the right. */
  ROTATE("degrees", 0, 0.0, 5.0, 10.0, 20.0, 30.0, 45.0, 90.0) {
    @Override
    PixelChange change(double level, ImageShape shape, long seed) {
      double cos = StrictMath.cos(StrictMath.toRadians(level));
      double sin = StrictMath.sin(StrictMath.toRadians(level));
      return moving(
          shape,
          (map, sampleId) -> {
            double turned = SplitMix64.below(key(seed, sampleId), 2) == 0 ? sin : -sin;
            map.then(cos, -turned, turned, cos);
          });
    }
  },

  /** With a Gaussian; the level is its standard deviation. */
  BLUR("% of the side", 0, 0.0, 1.0, 2.0, 4.0, 6.0, 8.0) {
    @Override
    PixelChange change(double level, ImageShape shape, long seed) {
      return new Blur(shape, level / 100 * Math.min(shape.height(), shape.width()));
    }
  },

  /** Gaussian noise on every value; the level is its standard deviation. */
  NOISE("of 255", 0, 0.0, 8.0, 16.0, 32.0, 64.0, 96.0) {
    @Override
    PixelChange change(double level, ImageShape shape, long seed) {
      byte[] noisy = new byte[shape.bytes()];
      return (sampleId, image) -> {
        // Of Java's generators the one whose normal numbers are specified.
        Random random = new Random(key(seed, sampleId));
        for (int i = 0; i < noisy.length; i++) {
          noisy[i] = Draw.pixel((image[i] & 0xFF) + level * random.nextGaussian());
        }
        return noisy;
      };
    }
  },

  /** Resized to a fraction of the side and back. */
  RESOLUTION("of the side", 1, 1.0, 0.75, 0.5, 0.35, 0.25, 0.15) {
    @Override
    PixelChange change(double level, ImageShape shape, long seed) {
      return new Coarsening(shape, level);
    }
  };

  private static final long USE = 9;

  private final String unit;
  private final double neutral;

  @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
  private final List<Double> levels;

  Distortion(String unit, double neutral, Double... levels) {
    this.unit = unit;
    this.neutral = neutral;
    this.levels = List.of(levels);
  }

  /** Its name in options and reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What its levels count. */
  public String unit() {
    return unit;
  }

  /** The level that leaves an image as it is. */
  public double neutral() {
    return neutral;
  }

  /** The levels that are measured, in order; the neutral one is among them. */
  public List<Double> levels() {
    return levels;
  }

  /**
   * The change of one level; a new one for each thread.
   *
   * @param level in units of this distortion
   * @param shape of the images
   * @param seed of what is left to chance
   */
  public PixelChange at(double level, ImageShape shape, long seed) {
    return level == neutral ? PixelChange.NONE : change(level, shape, seed);
  }

  abstract PixelChange change(double level, ImageShape shape, long seed);

  private static long key(long seed, long sampleId) {
    return SplitMix64.mix(seed, sampleId, USE);
  }

  /** What a sample's pixels do. */
  private interface Move {
    void compose(AffineMap map, long sampleId);
  }

  private static PixelChange moving(ImageShape shape, Move move) {
    Resampler resampler = new Resampler(shape, shape);
    AffineMap map = new AffineMap();
    byte[] moved = new byte[shape.bytes()];
    return (sampleId, image) -> {
      map.reset(shape);
      move.compose(map, sampleId);
      resampler.apply(map, image, moved);
      return moved;
    };
  }
}
