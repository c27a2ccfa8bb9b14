package io.stoker.driver.averaging;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The example-weighted mean of the workers' pieces of a slice: {@code sum of n[w] * x[w] / sum of
 * n[w]}, accumulated in double precision in the order of the list, and rounded once to fp32.
 *
 * <p>For fewer than 2^29 examples n * x is exact, so that the mean of a single piece is that piece
 * to the last bit. A piece of weight 0 is not read: a worker that saw nothing has no say.
 */
final class WeightedMean {
  /** Values that are accumulated at once: their sums stay in the first-level cache. */
  private static final int CHUNK = 1024;

  private WeightedMean() {}

  /**
   * A mean, and how far from it its pieces were.
   *
   * @param content the mean
   * @param driftSquared the example-weighted mean of the pieces' squared distances from it; 0 for a
   *     single piece
   * @param normSquared the mean's squared length; 0 for a single piece, where nobody asks
   */
  @SuppressWarnings("ArrayRecordComponent") // Its receiver owns it.
  record Averaged(byte[] content, double driftSquared, double normSquared) {}

  /**
   * Averages pieces into a new content.
   *
   * @param pieces in worker order, all of one length
   * @param parameters how many values, from the first, drift is measured of; those behind are
   *     momentum
   * @throws IllegalArgumentException if no piece has a weight
   */
  static Averaged of(List<Piece> pieces, int parameters) {
    List<Piece> weighty = pieces.stream().filter(piece -> piece.examples() > 0).toList();
    if (weighty.isEmpty()) {
      throw new IllegalArgumentException("Cannot average pieces without examples");
    }
    if (weighty.size() == 1) {
      return new Averaged(weighty.get(0).content(), 0, 0);
    }
    byte[] mean = new byte[weighty.get(0).content().length];
    double[] sums = new double[CHUNK];
    double[] squares = new double[CHUNK];
    double drift = 0;
    double norm = 0;
    double total = weighty.stream().mapToLong(Piece::examples).sum();
    float[] chunk = new float[CHUNK];
    List<FloatBuffer> contents = weighty.stream().map(piece -> floats(piece.content())).toList();
    FloatBuffer target = floats(mean);
    for (int from = 0; from < target.capacity(); from += CHUNK) {
      int values = Math.min(CHUNK, target.capacity() - from);
      Arrays.fill(sums, 0, values, 0);
      Arrays.fill(squares, 0, values, 0);
      for (int piece = 0; piece < contents.size(); piece++) {
        contents.get(piece).get(from, chunk, 0, values);
        add((double) weighty.get(piece).examples(), chunk, sums, squares, values);
      }
      int measured = Math.max(0, Math.min(values, parameters - from));
      for (int i = 0; i < measured; i++) {
        double exact = sums[i] / total;
        double square = exact * sums[i];
        drift += squares[i] - square;
        norm += square;
        chunk[i] = (float) exact;
      }
      for (int i = measured; i < values; i++) {
        chunk[i] = (float) (sums[i] / total);
      }
      target.put(from, chunk, 0, values);
    }
    return new Averaged(mean, Math.max(0, drift / total), norm / total);
  }

  private static void add(
      double weight, float[] chunk, double[] sums, double[] squares, int values) {
    for (int i = 0; i < values; i++) {
      double weighted = weight * chunk[i];
      sums[i] += weighted;
      squares[i] += weighted * chunk[i];
    }
  }

  private static FloatBuffer floats(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
