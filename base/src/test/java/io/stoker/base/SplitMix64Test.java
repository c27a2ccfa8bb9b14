// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.testing.Exact;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@Exact
class SplitMix64Test {
  @Test
  void isTheGeneratorOfJavasSplittableRandom() {
    for (long seed : new long[] {0, 1, -1, 42, Long.MIN_VALUE, 0x0123456789abcdefL}) {
      SplittableRandom java = new SplittableRandom(seed);
      for (int i = 0; i < 100; i++) {
        assertThat(SplitMix64.mix(seed + i * SplitMix64.GOLDEN_GAMMA))
            .isEqualTo(SplitMix64.scramble(seed + (i + 1) * SplitMix64.GOLDEN_GAMMA))
            .isEqualTo(java.nextLong());
      }
    }
  }

  @Test
  void keepsTheBitsThatJobsDependOn() {
    // A change here changes the order of samples, augmentation, dropout and first parameters.
    assertThat(SplitMix64.scramble(0)).isZero();
    assertThat(SplitMix64.mix(0)).isEqualTo(0xE220A8397B1DCDAFL);
    assertThat(SplitMix64.mix(1, 2)).isEqualTo(SplitMix64.mix(SplitMix64.mix(1) ^ 2));
    assertThat(SplitMix64.mix(1, 2, 3)).isEqualTo(SplitMix64.mix(SplitMix64.mix(1, 2) ^ 3));
    assertThat(SplitMix64.mix(1, 2)).isNotEqualTo(SplitMix64.mix(2, 1));
  }

  @Test
  void turnsAHashIntoANumberBelowABound() {
    int[] counts = new int[5];
    for (int i = 0; i < 100_000; i++) {
      counts[SplitMix64.below(SplitMix64.mix(i), 5)]++;
    }

    for (int count : counts) {
      assertThat(count).isBetween(19_500, 20_500);
    }
    assertThat(SplitMix64.below(-1L, 5)).isEqualTo(4);
    assertThat(SplitMix64.below(0, 5)).isZero();
    assertThat(SplitMix64.below(-1L, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE - 1);
  }

  @Test
  void turnsAHashIntoANumberFromZeroToBelowOne() {
    assertThat(SplitMix64.unit(0)).isZero();
    assertThat(SplitMix64.unit(-1L)).isLessThan(1).isEqualTo(1 - 0x1p-53);
  }
}
