// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.models.engine.ParameterVectors;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * How a worker that went on from its own values takes the result of the round before: {@code x = x
 * + (result - own)}, where own is what it sent, and x where it is now. So the steps that it has
 * taken meanwhile stay, and move along with their start. Both operations are rounded to fp32.
 *
 * <p>The velocity or the first moments, where they travel, are corrected in the same way. Running
 * statistics and second moments are not corrected: they could become negative. They are a moving
 * average of each worker's batches, in which averaging in each round and once at the end give the
 * same.
 *
 * <p>An object serves one thread, and holds a few arrays for it.
 */
public final class Correction {
  /** How many values are read from the network at once; they stay in the second-level cache. */
  private static final int CHUNK = 1 << 14;

  private final ParameterSlices slices;
  private final List<OuterStep.Range> statistics;
  private final float[] values = new float[CHUNK];
  private final float[] own = new float[CHUNK];
  private final float[] result = new float[CHUNK];

  /**
   * @param average how the slices are cut, and which parameters are running statistics
   */
  public Correction(SliceAverage average) {
    this.slices = average.slices();
    this.statistics = average.outer().statistics();
  }

  /** Access to a range of one of the network's vectors. */
  private interface Copy {
    void copy(long offset, FloatBuffer values);
  }

  /**
   * Corrects a network's values of one slice.
   *
   * @param sent the worker's values after the round before, as it sent them
   * @param average the slice's content after that round
   */
  public void apply(ParameterVectors vectors, int slice, ByteBuffer sent, ByteBuffer average) {
    int length = slices.length(slice);
    FloatBuffer from = sent.asFloatBuffer();
    FloatBuffer to = average.asFloatBuffer();
    long offset = slices.offset(slice);
    correct(offset, length, from, to, vectors::readParameters, vectors::writeParameters);
    if (slices.carryUpdaterState()) {
      correct(
          offset,
          length,
          from.slice(length, length),
          to.slice(length, length),
          vectors::readUpdaterState,
          vectors::writeUpdaterState);
    }
  }

  private void correct(
      long offset, int length, FloatBuffer from, FloatBuffer to, Copy read, Copy write) {
    for (int start = 0; start < length; start += CHUNK) {
      int count = Math.min(CHUNK, length - start);
      long first = offset + start;
      read.copy(first, FloatBuffer.wrap(values, 0, count));
      from.get(start, own, 0, count);
      to.get(start, result, 0, count);
      keepStatistics(first, count);
      for (int i = 0; i < count; i++) {
        values[i] += result[i] - own[i];
      }
      write.copy(first, FloatBuffer.wrap(values, 0, count));
    }
  }

  /** Makes the difference of running statistics zero. */
  private void keepStatistics(long first, int count) {
    for (OuterStep.Range range : statistics) {
      long start = Math.max(0, range.from() - first);
      long end = Math.min(count, range.to() - first);
      if (start < end) {
        Arrays.fill(own, (int) start, (int) end, 0);
        Arrays.fill(result, (int) start, (int) end, 0);
      }
    }
  }
}
