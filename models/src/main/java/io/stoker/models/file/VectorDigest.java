package io.stoker.models.file;

import io.stoker.base.LittleEndian;
import io.stoker.base.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;

/**
 * The SHA-256 of a vector's values as little-endian fp32, first to last: what Stoker calls {@code
 * parameters_sha256}.
 */
public final class VectorDigest {
  private final MessageDigest sha256 = Sha256.digest();
  private byte[] bytes = {};

  /** Takes the vector's next values, all that remain. */
  public void update(FloatBuffer values) {
    int length = values.remaining() * Float.BYTES;
    if (bytes.length < length) {
      bytes = new byte[length];
    }
    LittleEndian.floats(bytes).put(values);
    sha256.update(bytes, 0, length);
  }

  /** Takes the vector's next values as big-endian bytes. */
  void update(byte[] bigEndian, int length) {
    update(ByteBuffer.wrap(bigEndian, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer());
  }

  /** The digest in hexadecimal; ends the vector. */
  public String hex() {
    return Sha256.hex(sha256);
  }
}
