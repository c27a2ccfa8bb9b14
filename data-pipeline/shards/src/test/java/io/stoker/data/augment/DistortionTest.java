// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.image.ImageShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DistortionTest {
  private static final ImageShape SHAPE = new ImageShape(20, 20, 3);
  private static final byte[] IMAGE = new byte[SHAPE.bytes()];

  static {
    new Random(5).nextBytes(IMAGE);
  }

  @ParameterizedTest
  @EnumSource
  void leavesImagesAsTheyAreAtItsNeutralLevel(Distortion distortion) {
    assertThat(distortion.levels()).contains(distortion.neutral()).doesNotHaveDuplicates();
    assertThat(distortion.at(distortion.neutral(), SHAPE, 1).apply(7, IMAGE)).isEqualTo(IMAGE);
  }

  @ParameterizedTest
  @EnumSource
  void dependsOnSeedAndSampleAloneAndLeavesItsInput(Distortion distortion) {
    byte[] before = IMAGE.clone();
    double level = distortion.levels().get(distortion.levels().size() - 1);
    level = level == distortion.neutral() ? distortion.levels().get(0) : level;
    PixelChange change = distortion.at(level, SHAPE, 3);
    byte[] first = change.apply(11, IMAGE).clone();
    change.apply(12, IMAGE);

    assertThat(change.apply(11, IMAGE)).isEqualTo(first).isNotEqualTo(IMAGE);
    assertThat(distortion.at(level, SHAPE, 3).apply(11, IMAGE)).isEqualTo(first);
    assertThat(IMAGE).isEqualTo(before);
  }

  @Test
  void shiftsByWholePixelsToOneOfFourSides() {
    PixelChange change = Distortion.SHIFT.at(12, SHAPE, 1); // 2.4 pixels
    List<String> sides = new ArrayList<>();
    for (long sample = 0; sample < 40; sample++) {
      byte[] shifted = change.apply(sample, IMAGE);
      for (int[] side : new int[][] {{2, 0}, {-2, 0}, {0, 2}, {0, -2}}) {
        if (Arrays.equals(shifted, moved(side[0], side[1]))) {
          sides.add(Arrays.toString(side));
        }
      }
    }
    assertThat(sides).hasSize(40);
    assertThat(sides.stream().distinct()).hasSize(4);
  }

  /** A naive loop. */
  private static byte[] moved(int right, int down) {
    byte[] target = new byte[IMAGE.length];
    for (int y = 0; y < 20; y++) {
      for (int x = 0; x < 20; x++) {
        int fromX = x - right;
        int fromY = y - down;
        for (int c = 0; c < 3 && fromX >= 0 && fromX < 20 && fromY >= 0 && fromY < 20; c++) {
          target[(y * 20 + x) * 3 + c] = IMAGE[(fromY * 20 + fromX) * 3 + c];
        }
      }
    }
    return target;
  }

  @Test
  void turnsARightAngleEitherWay() {
    byte[] left = new byte[IMAGE.length];
    byte[] right = new byte[IMAGE.length];
    for (int y = 0; y < 20; y++) {
      for (int x = 0; x < 20; x++) {
        for (int c = 0; c < 3; c++) {
          left[((19 - x) * 20 + y) * 3 + c] = IMAGE[(y * 20 + x) * 3 + c];
          right[(x * 20 + 19 - y) * 3 + c] = IMAGE[(y * 20 + x) * 3 + c];
        }
      }
    }
    PixelChange change = Distortion.ROTATE.at(90, SHAPE, 1);
    List<byte[]> turned = new ArrayList<>();
    for (long sample = 0; sample < 20; sample++) {
      turned.add(change.apply(sample, IMAGE).clone());
    }
    // Sines and cosines of right angles are off by a hair, so that pixels may be off by one.
    assertThat(turned).allMatch(image -> near(image, left) || near(image, right));
    assertThat(turned).anyMatch(image -> near(image, left)).anyMatch(image -> near(image, right));
  }

  private static boolean near(byte[] a, byte[] b) {
    for (int i = 0; i < a.length; i++) {
      if (Math.abs((a[i] & 0xFF) - (b[i] & 0xFF)) > 2) {
        return false;
      }
    }
    return true;
  }

  @Test
  void enlargesAroundTheCentre() {
    ImageShape grey = new ImageShape(9, 9, 1);
    byte[] dot = new byte[81];
    dot[40] = (byte) 200;
    byte[] large = Distortion.SCALE.at(2, grey, 1).apply(0, dot);

    // Bilinear: the dot and half of it around.
    assertThat(large[40] & 0xFF).isEqualTo(200);
    assertThat(large[39] & 0xFF).isEqualTo(100);
    assertThat(large[49] & 0xFF).isEqualTo(100);
    assertThat(large[38] & 0xFF).isZero();
  }

  @Test
  void blursAsAGaussianDoes() {
    ImageShape grey = new ImageShape(50, 50, 1);
    byte[] image = new byte[2500];
    new Random(2).nextBytes(image);
    byte[] blurred = Distortion.BLUR.at(4, grey, 1).apply(0, image); // 2 pixels

    for (int[] at : new int[][] {{25, 25}, {10, 33}, {0, 7}, {49, 49}}) {
      double sum = 0;
      double weights = 0;
      for (int dy = -6; dy <= 6; dy++) {
        for (int dx = -6; dx <= 6; dx++) {
          double weight = Math.exp(-(dx * dx + dy * dy) / 8.0);
          int y = Math.min(49, Math.max(0, at[0] + dy));
          int x = Math.min(49, Math.max(0, at[1] + dx));
          sum += weight * (image[y * 50 + x] & 0xFF);
          weights += weight;
        }
      }
      assertThat((double) (blurred[at[0] * 50 + at[1]] & 0xFF))
          .isCloseTo(sum / weights, within(0.51));
    }
  }

  @Test
  void addsNoiseOfTheSaidDeviation() {
    ImageShape large = new ImageShape(200, 200, 1);
    byte[] grey = new byte[40_000];
    Arrays.fill(grey, (byte) 128);
    byte[] noisy = Distortion.NOISE.at(16, large, 1).apply(0, grey);

    double sum = 0;
    double squares = 0;
    for (byte value : noisy) {
      double difference = (value & 0xFF) - 128;
      sum += difference;
      squares += difference * difference;
    }
    assertThat(sum / noisy.length).isCloseTo(0, within(0.4));
    assertThat(Math.sqrt(squares / noisy.length)).isCloseTo(16, within(0.3));
  }

  @Test
  void takesAwayDetailButNotWhatIsFlat() {
    byte[] stripes = new byte[SHAPE.bytes()];
    byte[] flat = new byte[SHAPE.bytes()];
    for (int i = 0; i < stripes.length; i++) {
      stripes[i] = (byte) (i / 3 % 2 * 200);
      flat[i] = (byte) 90;
    }
    PixelChange change = Distortion.RESOLUTION.at(0.25, SHAPE, 1);

    byte[] coarse = change.apply(0, stripes);
    for (int i = 0; i < coarse.length; i++) {
      assertThat(coarse[i] & 0xFF).isBetween(60, 140);
    }
    assertThat(change.apply(0, flat)).isEqualTo(flat);
  }
}
