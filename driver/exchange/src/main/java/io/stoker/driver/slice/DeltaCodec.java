// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.Division;
import io.stoker.base.HalfPrecision;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * Encodes the changes of a worker in a round in fewer bytes than fp32. The encoding is a function
 * of the changes alone. It does without error feedback, which adds the rounding error to the
 * changes of the next round: the error would have to follow the worker to the executor of its next
 * round. The errors do not add up in any case, because the changes of each round are relative to
 * the exact mean.
 *
 * <p>A change that is NaN stays NaN, so that a job that diverges is noticed.
 */
sealed interface DeltaCodec extends Serializable {
  /**
   * How many values share a scale. Slice lengths are multiples of it, so that the positions of cuts
   * have no influence.
   */
  int BLOCK = 256;

  /** The codec of a wire format; empty for fp32, which sends values as they are. */
  static Optional<DeltaCodec> of(Wire wire) {
    return switch (wire) {
      case FP32 -> Optional.empty();
      case FP16 -> Optional.of(new Fp16());
      case INT8 -> Optional.of(new Int8());
    };
  }

  /** How many bytes some values take. */
  int bytes(int values);

  /**
   * Encodes changes.
   *
   * @param deltas the changes, all of which are read
   * @param target little-endian, receives the encoded changes
   */
  void encode(FloatBuffer deltas, ByteBuffer target);

  /**
   * Decodes changes.
   *
   * @param source little-endian, the encoded changes
   * @param deltas receives the changes, until it is full
   */
  void decode(ByteBuffer source, FloatBuffer deltas);

  /**
   * Half precision of 1024 times the change: 11 bits of precision from 6e-8 to 64, the largest
   * change.
   */
  record Fp16() implements DeltaCodec {
    private static final float FACTOR = 1024;

    @Override
    public int bytes(int values) {
      return values * Short.BYTES;
    }

    @Override
    public void encode(FloatBuffer deltas, ByteBuffer target) {
      while (deltas.hasRemaining()) {
        target.putShort(HalfPrecision.of(deltas.get() * FACTOR));
      }
    }

    @Override
    public void decode(ByteBuffer source, FloatBuffer deltas) {
      while (deltas.hasRemaining()) {
        deltas.put(HalfPrecision.toFloat(source.getShort()) / FACTOR);
      }
    }
  }

  /**
   * For each block of values the scale (fp32), which is the largest magnitude divided by 127, and
   * then each value as a multiple of it (one byte).
   */
  record Int8() implements DeltaCodec {
    private static final float STEPS = 127;

    @Override
    public int bytes(int values) {
      return values + Division.ceiling(values, BLOCK) * Float.BYTES;
    }

    @Override
    public void encode(FloatBuffer deltas, ByteBuffer target) {
      float[] block = new float[BLOCK];
      while (deltas.hasRemaining()) {
        int values = Math.min(BLOCK, deltas.remaining());
        deltas.get(block, 0, values);
        float largest = 0;
        for (int i = 0; i < values; i++) {
          largest = Math.max(largest, Math.abs(block[i]));
        }
        float scale = Float.isFinite(largest) ? largest / STEPS : Float.NaN;
        target.putFloat(scale);
        for (int i = 0; i < values; i++) {
          // If the scale is NaN or 0, the cast gives 0.
          target.put((byte) Math.rint(Math.max(-STEPS, Math.min(STEPS, block[i] / scale))));
        }
      }
    }

    @Override
    public void decode(ByteBuffer source, FloatBuffer deltas) {
      while (deltas.hasRemaining()) {
        int values = Math.min(BLOCK, deltas.remaining());
        float scale = source.getFloat();
        for (int i = 0; i < values; i++) {
          deltas.put(source.get() * scale);
        }
      }
    }
  }
}
