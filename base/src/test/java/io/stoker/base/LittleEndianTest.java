// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class LittleEndianTest {
  @Test
  void putsTheLowestByteFirst() {
    byte[] content = new byte[4];

    LittleEndian.bytes(content).putInt(0x01020304);

    assertThat(content).containsExactly(4, 3, 2, 1);
    assertThat(LittleEndian.bytes(content).getInt()).isEqualTo(0x01020304);
  }

  @Test
  void isAViewAndNotACopy() {
    byte[] content = new byte[11];
    FloatBuffer values = LittleEndian.floats(content);

    values.put(1, 1);

    assertThat(values.remaining()).isEqualTo(2);
    assertThat(content).containsExactly(0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0);
  }
}
