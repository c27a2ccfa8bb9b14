// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WilsonIntervalTest {
  /**
   * Table I of Newcombe, 1998, "Two-sided confidence intervals for the single proportion", method
   * 3, the score method without continuity correction.
   */
  @ParameterizedTest
  @CsvSource({
    "81, 263, 0.2553, 0.3662",
    "15, 148, 0.0624, 0.1605",
    "0, 20, 0.0000, 0.1611",
    "1, 29, 0.0061, 0.1718"
  })
  void intervalsAreThosePublished(long part, long whole, double low, double high) {
    WilsonInterval interval = WilsonInterval.of(part, whole);

    assertThat(interval.low()).isCloseTo(low, within(5e-5));
    assertThat(interval.high()).isCloseTo(high, within(5e-5));
  }

  @Test
  void theIntervalOfAllIsTheMirrorOfThatOfNone() {
    assertThat(WilsonInterval.of(20, 20).high()).isEqualTo(1);
    assertThat(WilsonInterval.of(20, 20).low())
        .isCloseTo(1 - WilsonInterval.of(0, 20).high(), within(1e-12));
  }

  @Test
  void sharesOfNothingAreRefused() {
    assertThatThrownBy(() -> WilsonInterval.of(0, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> WilsonInterval.of(3, 2)).isInstanceOf(IllegalArgumentException.class);
  }
}
