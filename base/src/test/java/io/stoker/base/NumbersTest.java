// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
  @Test
  void readsDecimalNumbersAsJavaDoes() {
    assertThat(Numbers.parseInt("-2147483648")).isEqualTo(Integer.MIN_VALUE);
    assertThat(Numbers.parseLong("+9223372036854775807")).isEqualTo(Long.MAX_VALUE);
    assertThat(Numbers.parseDouble("-.5e-3")).isEqualTo(-0.0005);
    assertThat(Numbers.parseDouble("1.")).isEqualTo(1);
    assertThat(Numbers.parseDouble("NaN")).isNaN();
    assertThat(Numbers.parseDouble("1e999")).isInfinite();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "٣", "१२", "１", "1.0", "0x10", "1_000", " 1", "1e3", "many"})
  void refusesWhatIsNoWholeNumberInLatinDigits(String text) {
    assertThatThrownBy(() -> Numbers.parseInt(text))
        .isInstanceOf(NumberFormatException.class)
        .hasMessage("'%s' is not a whole number", text);
    assertThatThrownBy(() -> Numbers.parseLong(text)).isInstanceOf(NumberFormatException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "e5", "٣.٥", "0x1p3", "0.1f", "1d", "1,5", "fast"})
  void refusesWhatIsNoDecimalNumber(String text) {
    assertThatThrownBy(() -> Numbers.parseDouble(text)).hasMessage("'%s' is not a number", text);
  }

  @Test
  void saysBetweenWhichNumbersAWholeNumberMustBe() {
    assertThatThrownBy(() -> Numbers.parseInt("2147483648"))
        .hasMessage("2147483648 is not between -2147483648 and 2147483647");
    assertThatThrownBy(() -> Numbers.parseLong("9223372036854775808"))
        .hasMessageStartingWith("9223372036854775808 is not between");
  }
}
