// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Little-endian views of bytes: the order of values in slices, in files and on the wire. */
public final class LittleEndian {
  private LittleEndian() {}

  /** A view of an array; what is written to either is seen in both. */
  public static ByteBuffer bytes(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * A view of an array as fp32 values; what is written to either is seen in both.
   *
   * @param content four bytes a value; what is left over at the end is not in the view
   */
  public static FloatBuffer floats(byte[] content) {
    return bytes(content).asFloatBuffer();
  }
}
