// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

/** Arrays of bytes of one length, which blocks are received in again and again. */
public interface ArrayPool {
  /** An array with arbitrary content; the caller owns it. */
  byte[] take();

  /** Returns an array, which the caller must not use any more. */
  void giveBack(byte[] array);
}
