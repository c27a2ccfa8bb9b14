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
import java.util.ArrayList;
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

class AugmentationTest {
  private static final ImageShape SHAPE = new ImageShape(7, 9, 3);
  private static final Pixels IMAGE = TestImages.noise(7, 9, 3, 1);
  private static final ChannelStatistics STATISTICS =
      new ChannelStatistics(
          List.of(120.0, 110.0, 100.0),
          List.of(50.0, 50.0, 50.0),
          List.of(9000.0, 500.0, 100.0),
          List.of(
              List.of(0.6, 0.6, Math.sqrt(0.28)),
              List.of(-Math.sqrt(0.5), Math.sqrt(0.5), 0.0),
              List.of(Math.sqrt(0.14), Math.sqrt(0.14), -Math.sqrt(0.72))));

  private static byte[] apply(String augmentations, long seed, int epoch, long sampleId) {
    AugmentationChain chain =
        new AugmentationChain(Augmentation.parse(augmentations), SHAPE, SHAPE, STATISTICS);
    byte[] target = new byte[SHAPE.bytes()];
    Arrays.fill(target, (byte) 99);
    chain.apply(seed, epoch, sampleId, IMAGE.values(), target);
    return target;
  }

  /** The naive loop: what moving by so many pixels, and then mirroring, means. */
  private static byte[] moved(int right, int down, boolean mirrored) {
    byte[] target = new byte[SHAPE.bytes()];
    for (int y = 0; y < 7; y++) {
      for (int x = 0; x < 9; x++) {
        int sourceX = (mirrored ? 8 - x : x) - right;
        int sourceY = y - down;
        if (sourceX >= 0 && sourceX < 9 && sourceY >= 0 && sourceY < 7) {
          for (int channel = 0; channel < 3; channel++) {
            target[(y * 9 + x) * 3 + channel] =
                IMAGE.values()[(sourceY * 9 + sourceX) * 3 + channel];
          }
        }
      }
    }
    return target;
  }

  @ParameterizedTest
  @ValueSource(strings = {"shift=2", "crop=2"})
  void movesByEachNumberOfPixelsInRange(String name) {
    Set<String> expected = new HashSet<>();
    for (int right = -2; right <= 2; right++) {
      for (int down = -2; down <= 2; down++) {
        expected.add(Arrays.toString(moved(right, down, false)));
      }
    }
    Set<String> found = new HashSet<>();
    for (int sample = 0; sample < 500; sample++) {
      found.add(Arrays.toString(apply(name, 1, 0, sample)));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void movesFartherThanTheImageIsWide() {
    Set<String> expected = new HashSet<>();
    for (int right = -12; right <= 12; right++) {
      for (int down = -12; down <= 12; down++) {
        expected.add(Arrays.toString(moved(right, down, false)));
      }
    }
    for (int sample = 0; sample < 300; sample++) {
      assertThat(expected).contains(Arrays.toString(apply("shift=12", 1, 0, sample)));
    }
  }

  @Test
  void mirrorsHalfOfTheImages() {
    int mirrored = 0;
    for (int sample = 0; sample < 1000; sample++) {
      byte[] result = apply("flip", 1, 0, sample);
      if (Arrays.equals(result, moved(0, 0, true))) {
        mirrored++;
      } else {
        assertThat(result).isEqualTo(IMAGE.values());
      }
    }
    assertThat(mirrored).isBetween(440, 560);
  }

  @Test
  void composesInTheOrderGiven() {
    Set<String> expected = new HashSet<>();
    for (int right = -1; right <= 1; right++) {
      for (int down = -1; down <= 1; down++) {
        expected.add(Arrays.toString(moved(right, down, false)));
        expected.add(Arrays.toString(moved(right, down, true)));
      }
    }
    Set<String> found = new HashSet<>();
    for (int sample = 0; sample < 500; sample++) {
      found.add(Arrays.toString(apply("shift=1,flip", 1, 0, sample)));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void dependsOnSeedEpochAndSampleAlone() {
    String once = "shift=3,flip";
    assertThat(apply(once, 5, 6, 7)).isEqualTo(apply(once, 5, 6, 7));
    Set<String> found = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      found.add(Arrays.toString(apply(once, i, 0, 0)));
      found.add(Arrays.toString(apply(once, 0, i, 0)));
      found.add(Arrays.toString(apply(once, 0, 0, i)));
    }
    assertThat(found.size()).isGreaterThan(40);
  }

  @Test
  void readsNamesWithTheirValues() {
    assertThat(Augmentation.parse(" shift , flip,crop=3"))
        .isEqualTo(List.of(new Shift(2, Border.BLACK), new Flip(), new Crop(3, Border.BLACK)));
    assertThat(Augmentation.parse("")).isEmpty();
    assertThat(Augmentation.parse(" none")).isEmpty();
    assertThatThrownBy(() -> Augmentation.parse("none,flip"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Unknown augmentation: 'none'");
    assertThatThrownBy(() -> Augmentation.parse("shfit"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Unknown augmentation: 'shfit'; did you mean 'shift'?");
    assertThatThrownBy(() -> Augmentation.parse("shift=two"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("shift=2");
    assertThatThrownBy(() -> Augmentation.parse("flip=1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Unknown choice of flip: '1'; Known: random, alternate");
    assertThatThrownBy(() -> Augmentation.parse("shift,")).isInstanceOf(InputException.class);
    assertThatThrownBy(() -> Augmentation.parse("crop=-1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("-1");
  }

  @Test
  void readsSeveralValuesByOrderOrByKey() {
    assertThat(Augmentation.parse("shift=3:reflect,crop=border=reflect,flip=alternate"))
        .isEqualTo(
            List.of(
                new Shift(3, Border.REFLECT),
                new Crop(Crop.AUTOMATIC, Border.REFLECT),
                new Flip(Flip.Choice.ALTERNATE)));
    assertThat(Augmentation.parse("erase,erase=0.5,erase=p=0.25:area=0.1-0.2:fill=noise"))
        .isEqualTo(
            List.of(
                new Erase(0.3),
                new Erase(0.5),
                new RandomErasing(
                    0.25, new Range(0.1, 0.2), new Range(0.3, 3.3), RandomErasing.Fill.NOISE)));
  }

  @Test
  void readsTheBoundsOfARangeWithExponents() {
    assertThat(Augmentation.parse("erase=p=1:area=1e-4-3E-1"))
        .isEqualTo(Augmentation.parse("erase=p=1:area=0.0001-0.3"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "shift=2:reflekt | Unknown border of shift: 'reflekt'; did you mean 'reflect'?",
        "shift=2:black:3 | Invalid augmentation: 'shift=2:black:3' (try shift=2)",
        "shift=2:pixels=3 | Invalid augmentation: 'shift=2:pixels=3' (try shift=2)",
        "trivial-augment=3 | Invalid augmentation: 'trivial-augment=3' (trivial-augment takes no",
        "rand-augment=0:9 | Invalid rand-augment: 0 operations (must be 1 to 14)",
        "rand-augment=2,31 | Invalid rand-augment: a magnitude of 31 (must be 0 to 30)",
        "rand-augment=2,9,1 | Invalid augmentation: 'rand-augment=2:9:1' (try rand-augment=2:9)",
        "rand-augment=two | Invalid augmentation: 'rand-augment=two' (try rand-augment=2:9)",
        "flip,trivial-augment,rand-augment | Invalid augmentations: trivial-augment and"
            + " rand-augment are given together",
        "rand-augment,rand-augment=1,5 | Invalid augmentations: trivial-augment and rand-augment"
            + " are given together",
        "erase=0.3:p=0.5 | Invalid augmentation: 'erase=0.3:p=0.5' (try erase=0.3 for a square",
        "erase=q=0.5 | Unknown value of erase: 'q'; did you mean 'p'? Known: side, p, area",
        "erase=p=1.5 | Invalid erase: a probability of 1.5 (must be 0 to 1)",
        "erase=area=0.5-0.1 | Invalid range: 0.5-0.1 (must be the least and the most)",
        "erase=area=0-0.1 | Invalid erase: an area of 0.0-0.1 (must be above 0 and at most 1)",
        "erase=aspect=0-1 | Invalid erase: an aspect of 0.0-1.0 (must be 0.01 to 100)",
        "erase=p=1:fill=grey | Unknown fill of erase: 'grey'; Known: mean, noise",
        "erase=p=NaN | Invalid erase: a probability of NaN (must be 0 to 1)",
      })
  void refusesValuesInOneLine(String text, String message) {
    assertThatThrownBy(() -> Augmentation.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void listsHaveOneSpelling() {
    List<String> expected = List.of("flip", "rand-augment=3:12", "shift");
    assertThat(Augmentation.canonical(List.of("flip", "rand-augment=3", "12", "shift")))
        .isEqualTo(expected);
    assertThat(Augmentation.canonical(List.of("flip", "rand-augment=3 ", " 12", "shift")))
        .isEqualTo(expected);
    assertThat(Augmentation.canonical(expected)).isEqualTo(expected);
    assertThat(Augmentation.canonical(List.of("7", "flip"))).containsExactly("7", "flip");
  }

  @Test
  void readsPoliciesWithCommasOrColons() {
    List<Augmentation> expected =
        List.of(new Flip(), new RandAugment(3, 12), new Shift(2, Border.BLACK));
    assertThat(Augmentation.parse("flip,rand-augment=3,12,shift")).isEqualTo(expected);
    assertThat(Augmentation.parse("flip, rand-augment=3, 12, shift")).isEqualTo(expected);
    assertThat(Augmentation.parse("flip,rand-augment=3:12,shift")).isEqualTo(expected);
    assertThat(Augmentation.parse("rand-augment=magnitude=12"))
        .isEqualTo(List.of(new RandAugment(2, 12)));
    assertThat(Augmentation.parse("trivial-augment")).isEqualTo(List.of(new TrivialAugment()));
  }

  /** By a naive loop: each image that the policy may give, and how often it gave it. */
  @Test
  void drawsEachOperationStrengthAndDirectionEquallyOften() {
    Map<String, Double> expected = new HashMap<>();
    PolicyCanvas canvas = new PolicyCanvas(SHAPE);
    for (PolicyOperation operation : PolicyOperation.values()) {
      for (int bin = 0; bin < 31; bin++) {
        for (int sign = -1; sign <= 1; sign += 2) {
          boolean signed = operation.measure().isSigned();
          double magnitude = TrivialAugment.MAGNITUDES.at(operation, bin, SHAPE);
          byte[] pixels = IMAGE.values().clone();
          operation.apply(canvas, pixels, signed ? sign * magnitude : magnitude);
          expected.merge(Arrays.toString(pixels), 1.0 / (14 * 31 * 2), Double::sum);
        }
      }
    }
    int samples = 40_000;
    Map<String, Integer> found = new HashMap<>();
    for (int sample = 0; sample < samples; sample++) {
      found.merge(Arrays.toString(apply("trivial-augment", 1, 3, sample)), 1, Integer::sum);
    }
    assertThat(expected.keySet()).containsAll(found.keySet());
    expected.forEach(
        (pixels, chance) -> {
          double mean = samples * chance;
          assertThat((double) found.getOrDefault(pixels, 0))
              .isCloseTo(mean, within(6 * Math.sqrt(mean)));
        });
  }

  @Test
  void appliesSeveralOperationsOfOneStrengthOneAfterTheOther() {
    Set<String> expected = new HashSet<>();
    PolicyCanvas canvas = new PolicyCanvas(SHAPE);
    List<byte[]> once = eachOperation(canvas, IMAGE.values());
    for (byte[] pixels : once) {
      eachOperation(canvas, pixels).forEach(twice -> expected.add(Arrays.toString(twice)));
    }
    Set<String> found = new HashSet<>();
    for (int sample = 0; sample < 3000; sample++) {
      found.add(Arrays.toString(apply("rand-augment=2,20", 1, 3, sample)));
    }
    assertThat(expected).containsAll(found);
    assertThat(found.size()).isGreaterThan(expected.size() / 2);
  }

  private static List<byte[]> eachOperation(PolicyCanvas canvas, byte[] image) {
    List<byte[]> all = new ArrayList<>();
    for (PolicyOperation operation : PolicyOperation.values()) {
      for (int sign = -1; sign <= 1; sign += 2) {
        double magnitude = RandAugment.MAGNITUDES.at(operation, 20, SHAPE);
        byte[] pixels = image.clone();
        operation.apply(
            canvas, pixels, operation.measure().isSigned() ? sign * magnitude : magnitude);
        all.add(pixels);
      }
    }
    return all;
  }

  @Test
  void alternatelyMirrorsEachImageInOneOfTwoEpochs() {
    int first = 0;
    for (int sample = 0; sample < 1000; sample++) {
      byte[] even = apply("flip=alternate", 1, 0, sample);
      byte[] odd = apply("flip=alternate", 1, 1, sample);
      boolean mirrored = Arrays.equals(even, moved(0, 0, true));
      first += mirrored ? 1 : 0;
      assertThat(even).isEqualTo(moved(0, 0, mirrored));
      assertThat(odd).isEqualTo(moved(0, 0, !mirrored));
      assertThat(apply("flip=alternate", 1, 6, sample)).isEqualTo(even);
    }
    assertThat(first).isBetween(440, 560);
  }

  /** The naive loop: moved inside of an image that is mirrored at its borders again and again. */
  private static byte[] movedInMirrors(int right, int down, boolean mirrored) {
    byte[] target = new byte[SHAPE.bytes()];
    for (int y = 0; y < 7; y++) {
      for (int x = 0; x < 9; x++) {
        int sourceX = bounced((mirrored ? 8 - x : x) - right, 8);
        int sourceY = bounced(y - down, 6);
        for (int channel = 0; channel < 3; channel++) {
          target[(y * 9 + x) * 3 + channel] = IMAGE.values()[(sourceY * 9 + sourceX) * 3 + channel];
        }
      }
    }
    return target;
  }

  private static int bounced(int at, int last) {
    int inside = at;
    while (inside < 0 || inside > last) {
      inside = inside < 0 ? -inside : 2 * last - inside;
    }
    return inside;
  }

  @ParameterizedTest
  @CsvSource({"shift=2:reflect,2", "crop=2:reflect,2", "shift=20:reflect,20"})
  void showsTheImageMirroredOutsideOfItsBorders(String name, int most) {
    Set<String> expected = new HashSet<>();
    for (int right = -most; right <= most; right++) {
      for (int down = -most; down <= most; down++) {
        expected.add(Arrays.toString(movedInMirrors(right, down, false)));
        expected.add(Arrays.toString(movedInMirrors(right, down, true)));
      }
    }
    Set<String> found = new HashSet<>();
    for (int sample = 0; sample < 1000; sample++) {
      found.add(Arrays.toString(apply(name + ",flip", 1, 0, sample)));
    }
    assertThat(expected).containsAll(found);
    assertThat(found).hasSizeGreaterThan(40);
  }

  @Test
  void coversRectanglesOfTheAreasAndAspectsGiven() {
    int covered = 0;
    for (int sample = 0; sample < 400; sample++) {
      byte[] result = apply("erase=p=0.5:area=0.1-0.2:aspect=0.5-2:fill=noise", 1, 0, sample);
      int top = 7;
      int bottom = -1;
      int left = 9;
      int right = -1;
      for (int i = 0; i < result.length; i++) {
        if (result[i] != IMAGE.values()[i]) {
          top = Math.min(top, i / 27);
          bottom = Math.max(bottom, i / 27);
          left = Math.min(left, i / 3 % 9);
          right = Math.max(right, i / 3 % 9);
        }
      }
      if (bottom >= 0) {
        covered++;
        // 6.3 to 12.6 pixels, with sides rounded to whole ones.
        assertThat(bottom - top + 1).isBetween(2, 5);
        assertThat(right - left + 1).isBetween(2, 5);
        assertThat((bottom - top + 1) * (right - left + 1)).isBetween(4, 16);
      }
    }
    assertThat(covered).isBetween(150, 250);
  }

  @Test
  void fillsRectanglesWithTheMeanUnlessNoiseIsAskedFor() {
    byte[] result = apply("erase=p=1:area=0.3", 1, 0, 4);
    int changed = 0;
    for (int i = 0; i < result.length; i += 3) {
      if (!Arrays.equals(result, i, i + 3, IMAGE.values(), i, i + 3)) {
        changed++;
        assertThat(Arrays.copyOfRange(result, i, i + 3)).containsExactly(120, 110, 100);
      }
    }
    assertThat(changed).isBetween(10, 30);
  }

  /** The naive map: bilinear in double precision, around the centre. */
  private static double[] mapped(double a, double b, double c, double d, double s, double t) {
    double[] target = new double[SHAPE.bytes()];
    for (int y = 0; y < 7; y++) {
      for (int x = 0; x < 9; x++) {
        double sourceX = a * (x - 4) + b * (y - 3) + 4 + s;
        double sourceY = c * (x - 4) + d * (y - 3) + 3 + t;
        for (int j = 0; j < 7; j++) {
          for (int i = 0; i < 9; i++) {
            double weight =
                Math.max(0, 1 - Math.abs(sourceX - i)) * Math.max(0, 1 - Math.abs(sourceY - j));
            for (int channel = 0; channel < 3; channel++) {
              target[(y * 9 + x) * 3 + channel] +=
                  weight * (IMAGE.values()[(j * 9 + i) * 3 + channel] & 0xFF);
            }
          }
        }
      }
    }
    return target;
  }

  private static void assertNear(byte[] found, double[] expected, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) (found[i] & 0xFF)).isCloseTo(expected[i], within(tolerance));
    }
  }

  private static long key(int sample, int index) {
    return SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(1, 0, sample), 3), index);
  }

  @Test
  void turnsScalesAndSlantsAroundTheCentreInOneResampling() {
    for (int sample = 0; sample < 50; sample++) {
      double angle =
          Math.toRadians(30 * (2 * SplitMix64.unit(SplitMix64.mix(key(sample, 0), 0)) - 1));
      double factor = 1 + 0.5 * (2 * SplitMix64.unit(SplitMix64.mix(key(sample, 1), 0)) - 1);
      double slant = 0.3 * (2 * SplitMix64.unit(SplitMix64.mix(key(sample, 2), 0)) - 1);
      double cos = Math.cos(angle) / factor;
      double sin = Math.sin(angle) / factor;
      // Turn, then scale, then slant: the matrices multiply in this order.
      assertNear(
          apply("rotate=30,scale=0.5,shear=0.3", 1, 0, sample),
          mapped(cos, cos * slant - sin, sin, sin * slant + cos, 0, 0),
          3);
    }
  }

  @Test
  void turnsByEachAngleInRange() {
    double smallest = 1;
    double largest = -1;
    for (int sample = 0; sample < 1000; sample++) {
      AffineMap map = new AffineMap();
      map.reset(SHAPE);
      new Rotate(90).compose(map, SHAPE, SplitMix64.mix(sample));
      smallest = Math.min(smallest, map.yx);
      largest = Math.max(largest, map.yx);
    }
    assertThat(smallest).isBetween(-1.0, -0.99);
    assertThat(largest).isBetween(0.99, 1.0);
  }

  @Test
  void enlargesPartsThatAreInsideTheImage() {
    double smallest = 1;
    for (int sample = 0; sample < 1000; sample++) {
      AffineMap map = new AffineMap();
      map.reset(SHAPE);
      new ResizedCrop(0.2).compose(map, SHAPE, SplitMix64.mix(sample));
      smallest = Math.min(smallest, map.xx * map.yy);
      assertThat(map.xx * map.yy).isBetween(0.19, 1.0);
      // The corners of the part, in pixels from the centre.
      assertThat(Math.abs(map.xt) + map.xx * 4.5).isLessThanOrEqualTo(4.5 + 1e-9);
      assertThat(Math.abs(map.yt) + map.yy * 3.5).isLessThanOrEqualTo(3.5 + 1e-9);
    }
    assertThat(smallest).isLessThan(0.22);
  }

  @Test
  void changesBrightnessContrastAndSaturation() {
    double mean = 0;
    for (byte value : IMAGE.values()) {
      mean += (value & 0xFF) / (double) SHAPE.bytes();
    }
    for (int sample = 0; sample < 50; sample++) {
      double factor = 1 + 0.5 * (2 * SplitMix64.unit(SplitMix64.mix(key(sample, 0), 0)) - 1);
      double[] brighter = new double[SHAPE.bytes()];
      double[] starker = new double[SHAPE.bytes()];
      double[] livelier = new double[SHAPE.bytes()];
      for (int i = 0; i < SHAPE.bytes(); i++) {
        int value = IMAGE.values()[i] & 0xFF;
        int pixel = i / 3 * 3;
        double luma =
            0.299 * (IMAGE.values()[pixel] & 0xFF)
                + 0.587 * (IMAGE.values()[pixel + 1] & 0xFF)
                + 0.114 * (IMAGE.values()[pixel + 2] & 0xFF);
        brighter[i] = clamped(value * factor);
        starker[i] = clamped(mean + (value - mean) * factor);
        livelier[i] = clamped(luma + (value - luma) * factor);
      }
      assertNear(apply("brightness=0.5", 1, 0, sample), brighter, 0.51);
      assertNear(apply("contrast=0.5", 1, 0, sample), starker, 0.51);
      assertNear(apply("saturation=0.5", 1, 0, sample), livelier, 0.51);
    }
  }

  private static double clamped(double value) {
    return Math.max(0, Math.min(255, value));
  }

  @Test
  void addsColourNoiseAlongThePrincipalComponents() {
    // A grey image of 128 shows the noise itself; its projections have the paper's deviations.
    byte[] flat = new byte[SHAPE.bytes()];
    Arrays.fill(flat, (byte) 128);
    AugmentationChain chain =
        new AugmentationChain(Augmentation.parse("color-noise=1"), SHAPE, SHAPE, STATISTICS);
    byte[] target = new byte[SHAPE.bytes()];
    int samples = 4000;
    double[] squares = new double[3];
    for (int sample = 0; sample < samples; sample++) {
      chain.apply(1, 0, sample, flat, target);
      for (int i = 3; i < target.length; i++) {
        assertThat(target[i]).isEqualTo(target[i - 3]);
      }
      for (int i = 0; i < 3; i++) {
        double projection = 0;
        for (int channel = 0; channel < 3; channel++) {
          projection +=
              ((target[channel] & 0xFF) - 128) * STATISTICS.eigenvectors().get(i).get(channel);
        }
        squares[i] += projection * projection / samples;
      }
    }
    // lambda / 255 is 35.3, 1.96 and 0.39; rounding to whole pixels adds 0.29.
    assertThat(Math.sqrt(squares[0])).isCloseTo(35.3, within(1.5));
    assertThat(Math.sqrt(squares[1])).isCloseTo(1.98, within(0.1));
    assertThat(Math.sqrt(squares[2])).isCloseTo(0.49, within(0.05));
  }

  @Test
  void coversASquareWithTheMean() {
    int covered = 0;
    for (int sample = 0; sample < 200; sample++) {
      byte[] result = apply("erase=0.4", 1, 0, sample);
      int changed = 0;
      for (int i = 0; i < result.length; i += 3) {
        boolean same = Arrays.equals(result, i, i + 3, IMAGE.values(), i, i + 3);
        if (!same) {
          changed++;
          assertThat(result[i]).isEqualTo((byte) 120);
          assertThat(result[i + 1]).isEqualTo((byte) 110);
          assertThat(result[i + 2]).isEqualTo((byte) 100);
        }
      }
      assertThat(changed).isBetween(1, 9);
      covered = Math.max(covered, changed);
    }
    assertThat(covered).isEqualTo(9);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "flip",
        "shift=3,flip",
        "crop=12,flip,color-noise=3",
        "flip,brightness=0.9,color-noise,brightness",
        "rotate,color-noise",
        "flip,contrast=1",
        "crop,saturation,erase=0.6",
        "shift=3:reflect,flip=alternate",
        "crop=12:reflect,flip,brightness",
        "rotate=40,shift=3:reflect",
        "flip,erase=p=0.7:fill=noise",
        "crop,trivial-augment,color-noise",
        "rotate,rand-augment=3:15,erase"
      })
  void givesTheNetworkTheSameInOnePassAsInThree(String augmentations) {
    float[][] table = new float[3][256];
    for (int channel = 0; channel < 3; channel++) {
      for (int value = 0; value < 256; value++) {
        table[channel][value] = 1000 * channel + value + 0.5f;
      }
    }
    AugmentationChain chain =
        new AugmentationChain(Augmentation.parse(augmentations), SHAPE, SHAPE, STATISTICS);
    for (int sample = 0; sample < 50; sample++) {
      byte[] pixels = apply(augmentations, 3, 1, sample);
      float[] expected = new float[5 + SHAPE.bytes()];
      for (int i = 0; i < SHAPE.area(); i++) {
        for (int channel = 0; channel < 3; channel++) {
          expected[5 + channel * SHAPE.area() + i] = table[channel][pixels[3 * i + channel] & 0xFF];
        }
      }
      float[] target = new float[5 + SHAPE.bytes()];

      chain.apply(3, 1, sample, IMAGE.values(), table, target, 5);

      assertThat(target).isEqualTo(expected);
    }
  }
}
