// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.DamagedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BoundedLinesTest {
  @Test
  void readsWholeLinesAndLeavesOneThatWasCut() throws IOException {
    BoundedLines lines = lines("ab\n\ncdef\ngh", 4);

    assertThat(lines.next()).contains(bytes("ab"));
    assertThat(lines.place()).isEqualTo("f: line 8");
    assertThat(lines.next()).contains(bytes(""));
    assertThat(lines.next()).contains(bytes("cdef"));
    assertThat(lines.place()).isEqualTo("f: line 10");
    assertThat(lines.next()).isEmpty();
  }

  @Test
  void refusesALineThatIsTooLongBeforeItIsRead() throws IOException {
    InputStream endless =
        new InputStream() {
          private int left = 1000;

          @Override
          public int read() {
            assertThat(left--).isPositive();
            return 'x';
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            target[offset] = (byte) read();
            return 1;
          }
        };

    assertThatThrownBy(() -> new BoundedLines(endless, 900, "f", 0).next())
        .isInstanceOf(DamagedException.class)
        .hasMessage("Cannot read f: line 1: it is longer than 900 bytes");
  }

  private static BoundedLines lines(String text, int longest) {
    return new BoundedLines(new ByteArrayInputStream(bytes(text)), longest, "f", 7);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
