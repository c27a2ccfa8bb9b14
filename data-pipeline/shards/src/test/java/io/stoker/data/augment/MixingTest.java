// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.InputException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixingTest {
  private static final int DRAWS = 40_000;
  private static final ImageShape IMAGE = new ImageShape(200, 300, 1);

  /** The second and fourth central moments of Beta(a, a) are 1 / (4 (2 a + 1)) and so on. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.2, 1, 3.5, 60})
  void drawsSharesOfTheBetaDistribution(double alpha) {
    Mixing mixing = new Mixing(alpha, 0);
    double first = 0;
    double second = 0;
    double fourth = 0;
    for (int sample = 0; sample < DRAWS; sample++) {
      double share = mixing.draw(1, 2, sample, IMAGE).share();
      assertThat(share).isBetween(0.0, 1.0);
      double off = share - 0.5;
      first += off / DRAWS;
      second += off * off / DRAWS;
      fourth += off * off * off * off / DRAWS;
    }
    double variance = 1 / (4 * (2 * alpha + 1));
    double kurtosis = 3 - 6 / (2 * alpha + 3);
    assertThat(first).isCloseTo(0, within(5 * Math.sqrt(variance / DRAWS)));
    assertThat(second).isCloseTo(variance, within(0.03 * variance));
    assertThat(fourth).isCloseTo(kurtosis * variance * variance, within(0.08 * fourth));
  }

  @Test
  void withAlphaOneEachShareIsAsLikely() {
    int[] counts = new int[20];
    for (int sample = 0; sample < DRAWS; sample++) {
      counts[Math.min(19, (int) (20 * new Mixing(1, 0).draw(7, 0, sample, IMAGE).share()))]++;
    }
    // A binomial count of mean 2000 and deviation 44.
    for (int count : counts) {
      assertThat(count).isBetween(1780, 2220);
    }
  }

  @Test
  void cutsPartsOfTheImagesShapeWhoseAreasAreOfTheBetaDistribution() {
    int whole = 0;
    double mean = 0;
    for (int sample = 0; sample < DRAWS; sample++) {
      Mix.Patch patch = (Mix.Patch) new Mixing(0, 1).draw(7, 0, sample, IMAGE);
      int height = patch.bottom() - patch.top();
      int width = patch.right() - patch.left();
      double area = (double) height * width / IMAGE.area();
      assertThat((double) patch.share()).isCloseTo(1 - area, within(1e-6));
      boolean cut =
          patch.top() == 0
              || patch.left() == 0
              || patch.bottom() == IMAGE.height()
              || patch.right() == IMAGE.width();
      if (!cut) {
        whole++;
        // Sides are two halves of whole pixels, in the ratio of the image's.
        assertThat((double) height / 200).isCloseTo((double) width / 300, within(0.011));
        mean += area;
      }
    }
    // Of a side s, uniform in s^2, the part is inside of the image with a chance of (1 - s)^2: 1/6
    // of all; the mean area of these is 1/5.
    assertThat((double) whole / DRAWS).isCloseTo(1.0 / 6, within(0.01));
    assertThat(mean / whole).isCloseTo(0.2, within(0.01));
  }

  @Test
  void choosesMixupOrCutMixWithEqualChances() {
    int cut = 0;
    for (int sample = 0; sample < DRAWS; sample++) {
      Mix mix = new Mixing(0.2, 1).draw(3, 1, sample, IMAGE);
      cut += mix instanceof Mix.Patch ? 1 : 0;
      // Each is what it is by itself.
      assertThat(mix)
          .isIn(
              new Mixing(0.2, 0).draw(3, 1, sample, IMAGE),
              new Mixing(0, 1).draw(3, 1, sample, IMAGE));
    }
    assertThat(cut).isBetween(19_500, 20_500);
  }

  @Test
  void dependsOnSeedEpochAndSampleAlone() {
    Mixing mixing = new Mixing(0.4, 0.6);
    assertThat(mixing.draw(3, 4, 5, IMAGE)).isEqualTo(mixing.draw(3, 4, 5, IMAGE));
    Set<Mix> mixes = new HashSet<>();
    for (int i = 1; i <= 30; i++) {
      mixes.add(mixing.draw(i, 0, 0, IMAGE));
      mixes.add(mixing.draw(0, i, 0, IMAGE));
      mixes.add(mixing.draw(0, 0, i, IMAGE));
    }
    assertThat(mixes.size()).isGreaterThan(80);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 101, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesWhatIsNoAlpha(double alpha) {
    assertThatThrownBy(() -> new Mixing(alpha, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid mixup: " + alpha);
    assertThatThrownBy(() -> new Mixing(0, alpha))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid cutmix: " + alpha);
  }
}
