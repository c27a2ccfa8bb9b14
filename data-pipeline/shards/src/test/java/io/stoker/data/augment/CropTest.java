// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.base.SplitMix64;
import io.stoker.data.TestImages;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.InputException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that are larger than what the network takes: 9 x 12, of which it sees 6 x 7. */
class CropTest {
  private static final ImageShape SHAPE = new ImageShape(9, 12, 3);
  private static final ImageShape INPUT = new ImageShape(6, 7, 3);
  private static final Pixels IMAGE = TestImages.noise(9, 12, 3, 1);
  private static final ChannelStatistics STATISTICS =
      new ChannelStatistics(
          List.of(120.0, 110.0, 100.0),
          List.of(50.0, 50.0, 50.0),
          List.of(9000.0, 500.0, 100.0),
          List.of(List.of(1.0, 0.0, 0.0), List.of(0.0, 1.0, 0.0), List.of(0.0, 0.0, 1.0)));

  private static byte[] apply(String augmentations, long seed, int epoch, long sampleId) {
    byte[] target = new byte[INPUT.bytes()];
    Arrays.fill(target, (byte) 99);
    chain(augmentations).apply(seed, epoch, sampleId, IMAGE.values(), target);
    return target;
  }

  private static AugmentationChain chain(String augmentations) {
    return new AugmentationChain(Augmentation.parse(augmentations), SHAPE, INPUT, STATISTICS);
  }

  /** The naive window: black where it is outside of the image. */
  private static byte[] window(int top, int left, boolean mirrored) {
    byte[] target = new byte[INPUT.bytes()];
    for (int y = 0; y < 6; y++) {
      for (int x = 0; x < 7; x++) {
        int sourceY = top + y;
        int sourceX = left + (mirrored ? 6 - x : x);
        if (sourceX >= 0 && sourceX < 12 && sourceY >= 0 && sourceY < 9) {
          for (int channel = 0; channel < 3; channel++) {
            target[(y * 7 + x) * 3 + channel] =
                IMAGE.values()[(sourceY * 12 + sourceX) * 3 + channel];
          }
        }
      }
    }
    return target;
  }

  @ParameterizedTest
  @CsvSource({"crop,0", "crop=0,0", "crop=2,2"})
  void cutsEachWindowEquallyOften(String name, int padding) {
    Map<String, Integer> found = new HashMap<>();
    for (int top = -padding; top <= 3 + padding; top++) {
      for (int left = -padding; left <= 5 + padding; left++) {
        found.put(Arrays.toString(window(top, left, false)), 0);
      }
    }
    int windows = found.size();
    for (int sample = 0; sample < 200 * windows; sample++) {
      found.merge(Arrays.toString(apply(name, 1, 0, sample)), 1, Integer::sum);
    }
    assertThat(found).hasSize(windows);
    // A binomial count of mean 200 is farther from it than 75 once in ten million.
    assertThat(found.values()).allSatisfy(count -> assertThat(count).isBetween(125, 275));
  }

  @ParameterizedTest
  @ValueSource(strings = {"crop,flip", "flip,crop"})
  void mirrorsHalfOfTheWindows(String names) {
    Set<String> expected = new HashSet<>();
    for (int top = 0; top <= 3; top++) {
      for (int left = 0; left <= 5; left++) {
        expected.add(Arrays.toString(window(top, left, false)));
        expected.add(Arrays.toString(window(top, left, true)));
      }
    }
    Set<String> found = new HashSet<>();
    for (int sample = 0; sample < 1000; sample++) {
      found.add(Arrays.toString(apply(names, 1, 0, sample)));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void takesTheMiddleWhereNothingCuts() {
    assertThat(apply("", 1, 0, 7)).isEqualTo(window(1, 2, false));
    Set<String> found = new HashSet<>();
    for (int sample = 0; sample < 200; sample++) {
      found.add(Arrays.toString(apply("shift=1", 1, 0, sample)));
    }
    Set<String> expected = new HashSet<>();
    for (int top = 0; top <= 2; top++) {
      for (int left = 1; left <= 3; left++) {
        expected.add(Arrays.toString(window(top, left, false)));
      }
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void showsWhatIsBesideTheWindowWhenItMoves() {
    Set<String> expected = new HashSet<>();
    for (int top = -2; top <= 5; top++) {
      for (int left = -2; left <= 7; left++) {
        expected.add(Arrays.toString(window(top, left, false)));
      }
    }
    for (int sample = 0; sample < 500; sample++) {
      assertThat(expected).contains(Arrays.toString(apply("crop,shift=2", 1, 0, sample)));
    }
  }

  @Test
  void turnsTheImageBeforeItCutsAndTheWindowAfter() {
    for (int sample = 0; sample < 20; sample++) {
      assertNear(apply("rotate=40", 1, 0, sample), turned(sample, 0, 5.5, 4, 5, 3.5));
      long crop = key(sample, 0);
      int top = SplitMix64.below(SplitMix64.mix(crop, 1), 4);
      int left = SplitMix64.below(SplitMix64.mix(crop, 0), 6);
      double x = left + 3;
      double y = top + 2.5;
      assertNear(apply("crop,rotate=40", 1, 0, sample), turned(sample, 1, x, y, x, y));
    }
  }

  private static long key(int sample, int index) {
    return SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(1, 0, sample), 3), index);
  }

  /**
   * The naive turn: bilinear in double precision.
   *
   * @param pivotX around which the image turns, in its pixels
   * @param middleX the middle of the window, in pixels of the turned image
   */
  private static double[] turned(
      int sample, int index, double pivotX, double pivotY, double middleX, double middleY) {
    double angle =
        Math.toRadians(40 * (2 * SplitMix64.unit(SplitMix64.mix(key(sample, index), 0)) - 1));
    double[] target = new double[INPUT.bytes()];
    for (int y = 0; y < 6; y++) {
      for (int x = 0; x < 7; x++) {
        double right = middleX + x - 3 - pivotX;
        double down = middleY + y - 2.5 - pivotY;
        double sourceX = pivotX + Math.cos(angle) * right - Math.sin(angle) * down;
        double sourceY = pivotY + Math.sin(angle) * right + Math.cos(angle) * down;
        for (int j = 0; j < 9; j++) {
          for (int i = 0; i < 12; i++) {
            double weight =
                Math.max(0, 1 - Math.abs(sourceX - i)) * Math.max(0, 1 - Math.abs(sourceY - j));
            for (int channel = 0; channel < 3; channel++) {
              target[(y * 7 + x) * 3 + channel] +=
                  weight * (IMAGE.values()[(j * 12 + i) * 3 + channel] & 0xFF);
            }
          }
        }
      }
    }
    return target;
  }

  private static void assertNear(byte[] found, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) (found[i] & 0xFF)).isCloseTo(expected[i], within(3.0));
    }
  }

  @Test
  void resizesPartsThatAreInsideTheImage() {
    for (int sample = 0; sample < 1000; sample++) {
      AffineMap map = new AffineMap();
      map.reset(SHAPE);
      new ResizedCrop(0.3).compose(map, INPUT, SplitMix64.mix(sample));
      assertThat(map.hasSizeOf(INPUT)).isTrue();
      double width = map.xx * 7;
      double height = map.yy * 6;
      assertThat(width * height).isBetween(0.3 * 9 * 12 - 1e-9, 9.0 * 12);
      assertThat(map.xx / map.yy).isBetween(0.74, 1.7);
      // The edges of the part, in pixels from the centre.
      assertThat(Math.abs(map.xt) + width / 2).isLessThanOrEqualTo(6 + 1e-9);
      assertThat(Math.abs(map.yt) + height / 2).isLessThanOrEqualTo(4.5 + 1e-9);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "crop,flip", "crop=3,flip,color-noise=3", "rotate,crop,erase", "resized-crop"})
  void givesTheNetworkTheSameInOnePassAsInThree(String augmentations) {
    float[][] table = new float[3][256];
    for (int channel = 0; channel < 3; channel++) {
      for (int value = 0; value < 256; value++) {
        table[channel][value] = 1000 * channel + value + 0.5f;
      }
    }
    for (int sample = 0; sample < 50; sample++) {
      byte[] pixels = apply(augmentations, 3, 1, sample);
      float[] expected = new float[5 + INPUT.bytes()];
      for (int i = 0; i < INPUT.bytes(); i++) {
        expected[5 + i % 3 * INPUT.area() + i / 3] = table[i % 3][pixels[i] & 0xFF];
      }
      float[] target = new float[5 + INPUT.bytes()];

      chain(augmentations).apply(3, 1, sample, IMAGE.values(), table, target, 5);

      assertThat(target).isEqualTo(expected);
    }
  }

  @Test
  void dependsOnSeedEpochAndSampleAlone() {
    assertThat(apply("crop,flip", 5, 6, 7)).isEqualTo(apply("crop,flip", 5, 6, 7));
    Set<String> found = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      found.add(Arrays.toString(apply("crop,flip", i, 0, 0)));
      found.add(Arrays.toString(apply("crop,flip", 0, i, 0)));
      found.add(Arrays.toString(apply("crop,flip", 0, 0, i)));
    }
    assertThat(found.size()).isGreaterThan(30);
  }

  @Test
  void showsTheTenViewsOfThePaper() {
    float[][] table = new float[3][256];
    for (int value = 0; value < 256; value++) {
      table[0][value] = value;
      table[1][value] = value;
      table[2][value] = value;
    }
    Views views = new Views(SHAPE, INPUT, View.ten(SHAPE, INPUT));
    float[] target = new float[views.count() * INPUT.bytes()];
    views.apply(IMAGE.values(), table, target, 0);

    int[][] corners = {{0, 0}, {0, 5}, {3, 0}, {3, 5}, {1, 2}};
    assertThat(views.count()).isEqualTo(10);
    for (int view = 0; view < 10; view++) {
      byte[] expected = window(corners[view % 5][0], corners[view % 5][1], view >= 5);
      for (int i = 0; i < INPUT.bytes(); i++) {
        int at = view * INPUT.bytes() + i % 3 * INPUT.area() + i / 3;
        assertThat(target[at]).isEqualTo(expected[i] & 0xFF);
      }
    }
  }

  /** Against a naive loop over the pixels, at each distance that leaves something to reflect. */
  @Test
  void viewsThatLeaveTheImageShowItsReflection() {
    float[][] table = new float[3][256];
    for (int value = 0; value < 256; value++) {
      table[0][value] = value;
      table[1][value] = value;
      table[2][value] = value;
    }
    for (int moved = -2; moved <= 2; moved++) {
      List<View> both = View.flipped(List.of(new View(0, 0, false).moved(moved)));
      float[] target = new float[2 * SHAPE.bytes()];
      new Views(SHAPE, SHAPE, both).apply(IMAGE.values(), table, target, 0);
      for (int view = 0; view < 2; view++) {
        for (int y = 0; y < SHAPE.height(); y++) {
          for (int x = 0; x < SHAPE.width(); x++) {
            int row = reflected(y + moved, SHAPE.height());
            int column = reflected((view == 0 ? x : SHAPE.width() - 1 - x) + moved, SHAPE.width());
            for (int channel = 0; channel < 3; channel++) {
              int at = view * SHAPE.bytes() + channel * SHAPE.area() + y * SHAPE.width() + x;
              int from = (row * SHAPE.width() + column) * 3 + channel;
              assertThat(target[at]).isEqualTo(IMAGE.values()[from] & 0xFF);
            }
          }
        }
      }
    }
  }

  private static int reflected(int at, int size) {
    return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
  }

  @Test
  void refusesImagesWithoutRoom() {
    for (ImageShape large :
        List.of(new ImageShape(10, 7, 3), new ImageShape(6, 13, 3), new ImageShape(6, 7, 1))) {
      assertThatThrownBy(() -> new AugmentationChain(List.of(), SHAPE, large, STATISTICS))
          .isInstanceOf(InputException.class)
          .hasMessageContainingAll(large.toString(), SHAPE.toString());
      assertThatThrownBy(() -> Views.centre(SHAPE, large)).isInstanceOf(InputException.class);
    }
    assertThatThrownBy(() -> Augmentation.parse("crop=-1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("-1");
  }
}
