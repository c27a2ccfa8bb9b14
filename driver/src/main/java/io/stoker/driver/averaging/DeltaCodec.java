package io.stoker.driver.averaging;

import io.stoker.base.Division;
import io.stoker.driver.config.Wire;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * How what a worker has changed in a round travels in fewer bytes than fp32. A function of the
 * change alone: nothing is kept from round to round to make up for what was rounded off (error
 * feedback), since that would have to survive with the worker wherever it runs next. What is
 * rounded off does not add up either: each round's changes are against the exact mean.
 *
 * <p>A change that is no number stays none, so that a job that diverges is seen to.
 */
sealed interface DeltaCodec extends Serializable {
  /** Values that share a scale. Slices are multiples of it, so that cuts have no influence. */
  int BLOCK = 256;

  /** The codec for a wire; none for fp32, which needs none. */
  static Optional<DeltaCodec> of(Wire wire) {
    return switch (wire) {
      case FP32 -> Optional.empty();
      case FP16 -> Optional.of(new Fp16());
      case INT8 -> Optional.of(new Int8());
    };
  }

  /** The bytes of so many values. */
  int bytes(int values);

  /**
   * Encodes changes.
   *
   * @param deltas all of which are read
   * @param target little-endian, where they are put
   */
  void encode(FloatBuffer deltas, ByteBuffer target);

  /**
   * Decodes changes.
   *
   * @param source little-endian, where they are taken from
   * @param deltas which is filled
   */
  void decode(ByteBuffer source, FloatBuffer deltas);

  /**
   * Half precision of 1024 times the value: full precision (11 bits) from 6e-8 to 64, which it does
   * not exceed.
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
        target.putShort(Half.of(deltas.get() * FACTOR));
      }
    }

    @Override
    public void decode(ByteBuffer source, FloatBuffer deltas) {
      while (deltas.hasRemaining()) {
        deltas.put(Half.toFloat(source.getShort()) / FACTOR);
      }
    }
  }

  /** For each block the largest magnitude divided by 127 (fp32), then each value in units of it. */
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
          // Where the scale is no number, or nothing is left of it, this is 0.
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
