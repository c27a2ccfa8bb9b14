package io.stoker.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.failure.InputException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AugmentationTest {
  private static final ImageShape SHAPE = new ImageShape(7, 9, 3);
  private static final Pixels IMAGE = TestImages.noise(7, 9, 3, 1);

  private static byte[] apply(String augmentations, long seed, int epoch, long sampleId) {
    AugmentationChain chain = new AugmentationChain(Augmentation.parse(augmentations), SHAPE);
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
        .isEqualTo(
            List.of(new Augmentation.Shift(2), new Augmentation.Flip(), new Augmentation.Crop(3)));
    assertThat(Augmentation.parse("")).isEmpty();
    assertThatThrownBy(() -> Augmentation.parse("shfit"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Unknown augmentation: 'shfit'; did you mean 'shift'?");
    assertThatThrownBy(() -> Augmentation.parse("shift=two"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("shift=2");
    assertThatThrownBy(() -> Augmentation.parse("flip=1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("takes no value");
    assertThatThrownBy(() -> Augmentation.parse("shift,")).isInstanceOf(InputException.class);
    assertThatThrownBy(() -> Augmentation.parse("crop=-1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("-1");
  }
}
