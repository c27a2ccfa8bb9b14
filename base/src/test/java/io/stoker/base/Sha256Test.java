// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.testing.Exact;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;

@Exact
class Sha256Test {
  /** FIPS 180-4's example of one block. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private static final String NOTHING =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  @Test
  void givesThePublishedDigests() {
    assertThat(Sha256.hex(bytes("abc"))).isEqualTo(ABC);
    assertThat(Sha256.hex()).isEqualTo(NOTHING);
    assertThat(Sha256.of(bytes("abc"))).hasSize(Sha256.BYTES).startsWith(0xba, 0x78, 0x16, 0xbf);
  }

  @Test
  void isTheSameInPartsAndAsAStream() throws IOException {
    MessageDigest digest = Sha256.digest();
    digest.update(bytes("ab"));
    digest.update(bytes("c"));

    assertThat(Sha256.hex(digest)).isEqualTo(ABC);
    assertThat(Sha256.hex(bytes("a"), bytes(""), bytes("bc"))).isEqualTo(ABC);
    assertThat(Sha256.hex(new ByteArrayInputStream(bytes("abc")))).isEqualTo(ABC);
  }

  @Test
  void readsAStreamLongerThanItsBuffer() throws IOException {
    byte[] content = new byte[1_000_003];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31);
    }

    assertThat(Sha256.hex(new ByteArrayInputStream(content))).isEqualTo(Sha256.hex(content));
  }

  @Test
  void passesOnThatAStreamCannotBeRead() throws IOException {
    InputStream closed = InputStream.nullInputStream();
    closed.close();

    assertThatThrownBy(() -> Sha256.hex(closed)).isInstanceOf(IOException.class);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }
}
