package io.stoker.data.pack;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hash of identities and contents. */
final class Sha256 {
  private Sha256() {}

  /** Its 32 bytes. */
  static byte[] of(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) { // Every Java has it.
      throw new IllegalStateException(e);
    }
  }
}
