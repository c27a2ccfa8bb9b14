// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 (FIPS 180-4), the hash of files, manifests and jobs. */
public final class Sha256 {
  /** The bytes of a digest. */
  public static final int BYTES = 32;

  private static final int BUFFER_BYTES = 1 << 18;

  /** To look a digest up takes longer than to hash a small image. */
  private static final ThreadLocal<MessageDigest> OF_THREAD =
      ThreadLocal.withInitial(Sha256::digest);

  private Sha256() {}

  /** A new digest, for content that comes in parts. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }

  /** The digest's {@value #BYTES} bytes of the parts, one after the other. */
  public static byte[] of(byte[]... parts) {
    MessageDigest digest = OF_THREAD.get();
    digest.reset();
    for (byte[] part : parts) {
      digest.update(part);
    }
    return digest.digest();
  }

  /** The digest of the parts, one after the other, in lower-case hexadecimal. */
  public static String hex(byte[]... parts) {
    return HexFormat.of().formatHex(of(parts));
  }

  /** Ends a digest and gives it in lower-case hexadecimal. */
  public static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * The digest of what remains of a stream, in lower-case hexadecimal.
   *
   * @param stream is read to its end and not closed
   * @throws IOException if the stream cannot be read
   */
  public static String hex(InputStream stream) throws IOException {
    MessageDigest digest = digest();
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int length = stream.read(buffer); length >= 0; length = stream.read(buffer)) {
      digest.update(buffer, 0, length);
    }
    return hex(digest);
  }
}
