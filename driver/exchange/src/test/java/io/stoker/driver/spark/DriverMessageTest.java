// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.testing.Exact;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DriverMessageTest {
  private static final DriverMessage MESSAGE =
      new DriverMessage(
          List.of(Long.MIN_VALUE, -1L), List.of("", "1 höst 4040"), List.of(-0.0, 0.1, 1e-320));

  @Test
  @Exact
  void keepsEveryBit() {
    assertThat(DriverMessage.decode(MESSAGE.encode())).isEqualTo(MESSAGE);
    DriverMessage none = new DriverMessage(List.of(), List.of(), List.of());
    assertThat(DriverMessage.decode(none.encode())).isEqualTo(none);
  }

  @Test
  void refusesAMessageThatEndsTooEarly() {
    byte[] whole = MESSAGE.encode();

    for (int length : new int[] {0, 4, 11, 24, 30, whole.length - 1}) {
      assertThatThrownBy(() -> DriverMessage.decode(Arrays.copyOf(whole, length)))
          .isInstanceOf(UncheckedIOException.class);
    }
  }
}
