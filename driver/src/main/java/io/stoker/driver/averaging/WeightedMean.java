package io.stoker.driver.averaging;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
   * Averages pieces into a new content.
   *
   * @param pieces in worker order, all of one length
   * @throws IllegalArgumentException if no piece has a weight
   */
  static byte[] of(List<Piece> pieces) {
    List<Piece> weighty = pieces.stream().filter(piece -> piece.examples() > 0).toList();
    if (weighty.isEmpty()) {
      throw new IllegalArgumentException("Cannot average pieces without examples");
    }
    if (weighty.size() == 1) {
      return weighty.get(0).content();
    }
    byte[] mean = new byte[weighty.get(0).content().length];
    double[] sums = new double[CHUNK];
    double total = weighty.stream().mapToLong(Piece::examples).sum();
    List<ByteBuffer> contents =
        weighty.stream().map(piece -> littleEndian(piece.content())).toList();
    ByteBuffer target = littleEndian(mean);
    for (int from = 0; from < mean.length; from += CHUNK * Float.BYTES) {
      int values = Math.min(CHUNK, (mean.length - from) / Float.BYTES);
      java.util.Arrays.fill(sums, 0, values, 0);
      for (int piece = 0; piece < contents.size(); piece++) {
        double weight = weighty.get(piece).examples();
        ByteBuffer content = contents.get(piece);
        for (int i = 0; i < values; i++) {
          sums[i] += weight * content.getFloat(from + i * Float.BYTES);
        }
      }
      for (int i = 0; i < values; i++) {
        target.putFloat(from + i * Float.BYTES, (float) (sums[i] / total));
      }
    }
    return mean;
  }

  private static ByteBuffer littleEndian(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }
}
