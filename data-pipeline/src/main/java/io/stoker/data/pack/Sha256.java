package io.stoker.data.pack;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hash of identities and contents. */
final class Sha256 {
  private Sha256() {}

  /** Its 32 bytes, of some bytes one after the other. */
  static byte[] of(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) { // Every Java has it.
      throw new IllegalStateException(e);
    }
  }
}
