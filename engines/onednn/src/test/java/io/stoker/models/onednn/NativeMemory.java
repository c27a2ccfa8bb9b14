// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import org.bytedeco.javacpp.Pointer;

/** The native memory of this process, in which other tests have left garbage. */
public final class NativeMemory {
  /** References are queued by a thread of its own, a moment after a collection. */
  private static final int COLLECTIONS_WITHOUT_GARBAGE = 20;

  private NativeMemory() {}

  /**
   * Native bytes that something still refers to: what no Java object refers to is freed before.
   * Networks that were not closed go with the Java objects that hold them, and so do descriptions
   * of operations, of a few kilobytes each and used at compilation only.
   */
  public static long allocated() {
    long least = Long.MAX_VALUE;
    int unchanged = 0;
    while (unchanged < COLLECTIONS_WITHOUT_GARBAGE) {
      System.gc();
      Pointer.deallocateReferences();
      long now = Pointer.totalBytes();
      unchanged = now < least ? 0 : unchanged + 1;
      least = Math.min(least, now);
    }
    return least;
  }
}
