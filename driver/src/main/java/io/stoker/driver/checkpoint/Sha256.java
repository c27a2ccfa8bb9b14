package io.stoker.driver.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of files. */
public final class Sha256 {
  private static final int BUFFER_BYTES = 1 << 18;

  private Sha256() {}

  /** A new digest. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }

  /** The digest of all that a stream still has, in hexadecimal. */
  static String of(InputStream stream) throws IOException {
    MessageDigest digest = digest();
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int length = stream.read(buffer); length >= 0; length = stream.read(buffer)) {
      digest.update(buffer, 0, length);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
