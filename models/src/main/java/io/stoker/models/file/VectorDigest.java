package io.stoker.models.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of a vector's values as little-endian fp32, first to last: what Stoker calls {@code
 * parameters_sha256}.
 */
public final class VectorDigest {
  private final MessageDigest sha256 = sha256();
  private byte[] bytes = {};

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }

  /** Takes the vector's next values, all that remain. */
  public void update(FloatBuffer values) {
    int length = values.remaining() * Float.BYTES;
    if (bytes.length < length) {
      bytes = new byte[length];
    }
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    sha256.update(bytes, 0, length);
  }

  /** Takes the vector's next values as big-endian bytes. */
  void update(byte[] bigEndian, int length) {
    update(ByteBuffer.wrap(bigEndian, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer());
  }

  /** The digest in hexadecimal; ends the vector. */
  public String hex() {
    return HexFormat.of().formatHex(sha256.digest());
  }
}
