// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MessageCodecTest {
  private enum Colour {
    RED,
    BLUE
  }

  private record Inner(double value, String text) {}

  private sealed interface Message {}

  private record First(int number, long large, boolean set, Colour colour) implements Message {}

  private record Second(Optional<Inner> one, Optional<Inner> none, List<Inner> many)
      implements Message {}

  private record Third(List<Integer> numbers, Optional<Integer> one) implements Message {}

  private static void assertTravels(Message message) {
    byte[] bytes = MessageCodec.encode(Message.class, message);
    assertThat(MessageCodec.decode(Message.class, bytes)).isEqualTo(message);
  }

  @Test
  void recordsTravelWithAllTheirBits() {
    assertTravels(new First(-1, Long.MIN_VALUE, true, Colour.BLUE));
    assertTravels(
        new Second(
            Optional.of(new Inner(-0.0, "ä")),
            Optional.empty(),
            List.of(new Inner(Double.NaN, ""), new Inner(Double.MIN_VALUE, "x"))));
    assertTravels(new Third(List.of(), Optional.empty()));
    assertTravels(new Third(List.of(0, -1, Integer.MAX_VALUE), Optional.of(Integer.MIN_VALUE)));
  }

  @Test
  void messagesAreShort() {
    assertThat(MessageCodec.encode(Message.class, new First(1, 2, false, Colour.RED))).hasSize(15);
  }

  @Test
  void aMessageThatEndsTooEarlyIsAnError() {
    byte[] bytes = MessageCodec.encode(Message.class, new First(1, 2, false, Colour.RED));

    assertThatThrownBy(
            () -> MessageCodec.decode(Message.class, Arrays.copyOf(bytes, bytes.length - 1)))
        .isInstanceOf(UncheckedIOException.class);
  }
}
