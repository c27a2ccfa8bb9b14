// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.LittleEndian;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The example-weighted mean of the workers' pieces of a slice: {@code sum of n[w] * x[w] / sum of
 * n[w]}, accumulated in double precision in the order of the list, and rounded once to fp32.
 *
 * <p>For fewer than 2^29 examples n * x is exact, so that the mean of a single piece is that piece
 * to the last bit. A piece of weight 0 is not read: a worker that saw no example does not count.
 */
final class WeightedMean {
  /** How many values are accumulated at once; their sums stay in the first-level cache. */
  private static final int CHUNK = 1024;

  private final float[] chunk = new float[CHUNK];
  private final double[] sums = new double[CHUNK];
  private final double[] squares = new double[CHUNK];
  private final double total;
  private double drift;
  private double norm;

  private WeightedMean(double total) {
    this.total = total;
  }

  /**
   * Averages pieces.
   *
   * @param pieces in worker order, all of one length
   * @param parameters of how many values, from the first, the drift is measured; the ones after
   *     them are momentum
   * @param target receives the mean at its beginning; must not be the content of a piece
   * @throws IllegalArgumentException if no piece has a weight
   */
  static SliceAverage.Averaged of(List<WorkerSlice> pieces, int parameters, byte[] target) {
    List<WorkerSlice> counted = pieces.stream().filter(piece -> piece.examples() > 0).toList();
    if (counted.isEmpty()) {
      throw new IllegalArgumentException("Cannot average pieces without examples");
    }
    if (counted.size() == 1) {
      ByteBuffer only = counted.get(0).content();
      only.get(target, 0, only.remaining());
      return new SliceAverage.Averaged(target, 0, 0);
    }
    WeightedMean mean =
        new WeightedMean((double) counted.stream().mapToLong(WorkerSlice::examples).sum());
    return mean.averaged(counted, parameters, target);
  }

  private SliceAverage.Averaged averaged(List<WorkerSlice> pieces, int parameters, byte[] content) {
    List<FloatBuffer> contents =
        pieces.stream().map(piece -> piece.content().asFloatBuffer()).toList();
    FloatBuffer target = LittleEndian.floats(content);
    int length = contents.get(0).capacity();
    for (int from = 0; from < length; from += CHUNK) {
      int values = Math.min(CHUNK, length - from);
      Arrays.fill(sums, 0, values, 0);
      Arrays.fill(squares, 0, values, 0);
      for (int piece = 0; piece < contents.size(); piece++) {
        contents.get(piece).get(from, chunk, 0, values);
        add((double) pieces.get(piece).examples(), values);
      }
      int measured = Math.max(0, Math.min(values, parameters - from));
      roundAndMeasure(measured);
      round(measured, values);
      target.put(from, chunk, 0, values);
    }
    return new SliceAverage.Averaged(content, Math.max(0, drift / total), norm / total);
  }

  private void add(double weight, int values) {
    for (int i = 0; i < values; i++) {
      double weighted = weight * chunk[i];
      sums[i] += weighted;
      squares[i] += weighted * chunk[i];
    }
  }

  private void roundAndMeasure(int values) {
    double distance = drift;
    double length = norm;
    for (int i = 0; i < values; i++) {
      double exact = sums[i] / total;
      double square = exact * sums[i];
      distance += squares[i] - square;
      length += square;
      chunk[i] = (float) exact;
    }
    drift = distance;
    norm = length;
  }

  private void round(int from, int to) {
    for (int i = from; i < to; i++) {
      chunk[i] = (float) (sums[i] / total);
    }
  }
}
