// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.LittleEndian;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Encodes a piece as the changes since the round began, vector by vector. */
final class Deltas {
  private Deltas() {}

  /**
   * Encodes a piece.
   *
   * @param length values of each vector
   * @param vectors how many vectors there are
   * @param before the slice before the round, which is read on; may have more vectors
   * @param after the worker's values after the round, which are read on
   */
  static byte[] encode(
      DeltaCodec codec, int length, int vectors, FloatBuffer before, FloatBuffer after) {
    byte[] encoded = new byte[vectors * codec.bytes(length)];
    ByteBuffer target = LittleEndian.bytes(encoded);
    float[] deltas = new float[length];
    for (int vector = 0; vector < vectors; vector++) {
      for (int i = 0; i < length; i++) {
        deltas[i] = after.get() - before.get();
      }
      codec.encode(FloatBuffer.wrap(deltas), target);
    }
    return encoded;
  }

  /**
   * Decodes a piece: the worker's values, up to the codec's rounding.
   *
   * @param length values of each vector
   * @param vectors how many vectors there are
   * @param before the slice before the round, which is read on; may have more vectors
   * @param encoded the piece in little-endian order, which is read on
   */
  static byte[] decode(
      DeltaCodec codec, int length, int vectors, FloatBuffer before, ByteBuffer encoded) {
    byte[] after = new byte[vectors * length * Float.BYTES];
    FloatBuffer end = LittleEndian.floats(after);
    float[] deltas = new float[length];
    for (int vector = 0; vector < vectors; vector++) {
      codec.decode(encoded, FloatBuffer.wrap(deltas));
      for (int i = 0; i < length; i++) {
        end.put(before.get() + deltas[i]);
      }
    }
    return after;
  }
}
