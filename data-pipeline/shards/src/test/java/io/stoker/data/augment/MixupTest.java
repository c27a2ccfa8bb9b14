// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixupTest {
  private static final int DRAWS = 40_000;

  /** The second and fourth central moments of Beta(a, a) are 1 / (4 (2 a + 1)) and so on. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.2, 1, 3.5, 60})
  void drawsSharesOfTheBetaDistribution(double alpha) {
    Mixup mixup = new Mixup(alpha);
    double first = 0;
    double second = 0;
    double fourth = 0;
    for (int sample = 0; sample < DRAWS; sample++) {
      double share = mixup.share(1, 2, sample);
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
      counts[Math.min(19, (int) (20 * new Mixup(1).share(7, 0, sample)))]++;
    }
    // A binomial count of mean 2000 and deviation 44.
    for (int count : counts) {
      assertThat(count).isBetween(1780, 2220);
    }
  }

  @Test
  void dependsOnSeedEpochAndSampleAlone() {
    Mixup mixup = new Mixup(0.4);
    assertThat(mixup.share(3, 4, 5)).isEqualTo(mixup.share(3, 4, 5));
    Set<Float> shares = new HashSet<>();
    for (int i = 1; i <= 30; i++) {
      shares.add(mixup.share(i, 0, 0));
      shares.add(mixup.share(0, i, 0));
      shares.add(mixup.share(0, 0, i));
    }
    assertThat(shares.size()).isGreaterThan(80);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 101, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesWhatIsNoAlpha(double alpha) {
    assertThatThrownBy(() -> new Mixup(alpha))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid mixup: " + alpha);
  }
}
