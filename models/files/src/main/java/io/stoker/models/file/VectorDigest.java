// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.base.LittleEndian;
import io.stoker.base.Sha256;
import java.nio.FloatBuffer;
import java.security.MessageDigest;

/**
 * The SHA-256 of a vector's values as little-endian fp32, first to last. Reports call it {@code
 * parameters_sha256}.
 */
public final class VectorDigest {
  private final MessageDigest sha256 = Sha256.digest();
  private byte[] bytes = {};

  /** Adds the vector's next values: those that remain in the buffer. */
  public void update(FloatBuffer values) {
    int length = values.remaining() * Float.BYTES;
    if (bytes.length < length) {
      bytes = new byte[length];
    }
    LittleEndian.floats(bytes).put(values);
    sha256.update(bytes, 0, length);
  }

  /** Ends the vector; returns the digest in hexadecimal. */
  public String hex() {
    return Sha256.hex(sha256);
  }
}
