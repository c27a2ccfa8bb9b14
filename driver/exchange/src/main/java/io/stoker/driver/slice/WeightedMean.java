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
 *
 * <p>The mean of two pieces of the same weight is {@code (a + b) / 2} in fp32, which has the same
 * bits for fewer than 2^28 examples each: fp64 has more than twice the digits of fp32, so that a
 * sum of two values that is rounded to fp64 first is rounded to the same value of fp32. Java
 * computes this with vector instructions, which it does not have for conversions from fp32 to fp64.
 */
final class WeightedMean {
  /** How many values are accumulated at once; their sums stay in the first-level cache. */
  private static final int CHUNK = 1024;

  /** How many chunks of squares are accumulated in fp32. */
  private static final int CHUNKS = 16;

  private final float[] chunk = new float[CHUNK];
  private final float[] other = new float[CHUNK];
  private final float[] distances = new float[CHUNK];
  private final float[] lengths = new float[CHUNK];
  private final double[] sums = new double[CHUNK];
  private final double[] squares = new double[CHUNK];
  private final List<FloatBuffer> contents;
  private final double[] weights;
  private final double total;
  private double drift;
  private double norm;

  private WeightedMean(List<WorkerSlice> pieces) {
    contents = pieces.stream().map(piece -> piece.content().asFloatBuffer()).toList();
    weights = pieces.stream().mapToDouble(WorkerSlice::examples).toArray();
    total = (double) pieces.stream().mapToLong(WorkerSlice::examples).sum();
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
    return new WeightedMean(counted).averaged(parameters, target);
  }

  private SliceAverage.Averaged averaged(int parameters, byte[] content) {
    FloatBuffer target = LittleEndian.floats(content);
    int length = contents.get(0).capacity();
    boolean halves = contents.size() == 2 && weights[0] == weights[1];
    for (int from = 0; from < length; from += CHUNKS * CHUNK) {
      int to = Math.min(length, from + CHUNKS * CHUNK);
      if (!halves || !halve(from, to, parameters, target)) {
        average(from, to, parameters, target);
      }
    }
    return new SliceAverage.Averaged(content, Math.max(0, drift / total), norm / total);
  }

  /**
   * Averages values of two pieces of the same weight.
   *
   * @return false if a sum may be too large for fp32 or no number, or if only some of the values
   *     are measured: they are still to be averaged then
   */
  private boolean halve(int begin, int end, int parameters, FloatBuffer target) {
    if (begin < parameters && parameters < end) {
      return false;
    }
    Arrays.fill(distances, 0);
    Arrays.fill(lengths, 0);
    for (int from = begin; from < end; from += CHUNK) {
      int values = Math.min(CHUNK, end - from);
      contents.get(0).get(from, chunk, 0, values);
      contents.get(1).get(from, other, 0, values);
      halve(values);
      target.put(from, chunk, 0, values);
    }
    double distance = 0;
    double length = 0;
    for (int i = 0; i < CHUNK; i++) {
      distance += distances[i];
      length += lengths[i];
    }
    if (!Double.isFinite(distance) || !Double.isFinite(length)) {
      return false;
    }
    if (end <= parameters) {
      drift += total * distance / 4;
      norm += total * length;
    }
    return true;
  }

  private void halve(int values) {
    for (int i = 0; i < values; i++) {
      float distance = chunk[i] - other[i];
      distances[i] += distance * distance;
    }
    for (int i = 0; i < values; i++) {
      chunk[i] = (0 + chunk[i] + other[i]) * 0.5f; // The sum of two negative zeros is 0 in both.
    }
    for (int i = 0; i < values; i++) {
      lengths[i] += chunk[i] * chunk[i];
    }
  }

  private void average(int begin, int end, int parameters, FloatBuffer target) {
    for (int from = begin; from < end; from += CHUNK) {
      int values = Math.min(CHUNK, end - from);
      Arrays.fill(sums, 0, values, 0);
      Arrays.fill(squares, 0, values, 0);
      for (int piece = 0; piece < contents.size(); piece++) {
        contents.get(piece).get(from, chunk, 0, values);
        add(weights[piece], values);
      }
      int measured = Math.max(0, Math.min(values, parameters - from));
      roundAndMeasure(measured);
      round(measured, values);
      target.put(from, chunk, 0, values);
    }
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
