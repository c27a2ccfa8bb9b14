// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DivisionTest {
  @ParameterizedTest
  @CsvSource({
    "0, 3, 0",
    "1, 3, 1",
    "3, 3, 1",
    "4, 3, 2",
    "2147483647, 1, 2147483647",
    "2147483647, 2147483647, 1",
    "2147483647, 2, 1073741824"
  })
  void roundsUp(int dividend, int divisor, int quotient) {
    assertThat(Division.ceiling(dividend, divisor)).isEqualTo(quotient);
    assertThat(Division.ceiling((long) dividend, divisor)).isEqualTo(quotient);
  }

  @ParameterizedTest
  @CsvSource({
    "9223372036854775807, 2, 4611686018427387904",
    "9223372036854775807, 9223372036854775807, 1"
  })
  void doesNotOverflow(long dividend, long divisor, long quotient) {
    assertThat(Division.ceiling(dividend, divisor)).isEqualTo(quotient);
  }
}
