// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.util.Arrays;

/**
 * Brings images of one shape to another of as many channels: the side that is shorter in proportion
 * is resized to the target's, and the middle is cut out.
 *
 * <p>The filter is a triangle as wide as the reduction (bilinear with antialiasing, as in Pillow
 * and torchvision): each pixel of the result is the weighted mean of all the pixels that it covers.
 * It computes in integers, and so gives the same bits everywhere. It belongs to one thread, and
 * owns the array of its last result.
 */
public final class Scaling {
  private static final int WEIGHT_BITS = 16;
  private static final int HALF = 1 << (WEIGHT_BITS - 1);
  private static final long HALVES = HALF | ((long) HALF << Integer.SIZE);

  private final ImageShape from;
  private final Filter columns;
  private final Filter rows;

  /** Of 8 bits, in elements that the second pass adds up side by side. */
  private final int[] narrowed;

  private final int[] sums;

  /** Two rows of a colour image, of the columns that are needed. */
  private final long[] paired;

  private final byte[] result;

  /**
   * @param from the shape of the images
   * @param to the shape of the results
   */
  public Scaling(ImageShape from, ImageShape to) {
    this(Extent.whole(from), to);
  }

  Scaling(Extent extent, ImageShape to) {
    this.from = extent.shape();
    Filters filters = Filters.of(extent, to);
    columns = filters.columns;
    rows = filters.rows;
    sums = new int[to.width() * to.channels()];
    narrowed = new int[Math.multiplyExact(rows.end() - rows.start(), sums.length)];
    paired = new long[to.channels() == 1 ? 0 : 3 * (columns.end() - columns.start())];
    result = new byte[to.bytes()];
  }

  /**
   * Resizes one image. Only what the crop keeps is computed, and only from the rows that it depends
   * on: of an image that is a line, both are a small part.
   *
   * @param source interleaved uint8 {@code [height, width, channels]}
   * @return the image in its new shape, until the next call
   */
  public byte[] apply(byte[] source) {
    resizeRows(source);
    resizeColumns();
    return result;
  }

  private void resizeRows(byte[] source) {
    if (from.channels() == 1) {
      for (int y = rows.start(); y < rows.end(); y++) {
        resizeGreyRow(
            source, y * from.width(), columns, narrowed, (y - rows.start()) * sums.length);
      }
      return;
    }
    for (int y = rows.start(); y < rows.end(); y += 2) {
      int next = Math.min(y + 1, rows.end() - 1);
      pair(
          source,
          3 * (y * from.width() + columns.start()),
          3 * (next * from.width() + columns.start()));
      resizeColorRows((y - rows.start()) * sums.length, (next - rows.start()) * sums.length);
    }
  }

  private static void resizeGreyRow(byte[] source, int in, Filter filter, int[] target, int out) {
    for (int x = 0; x < filter.size(); x++) {
      int[] weights = filter.weights[x];
      int from = in + filter.first[x];
      int sum = HALF;
      for (int i = 0; i < weights.length; i++) {
        sum += weights[i] * (source[from + i] & 0xFF);
      }
      target[out + x] = sum >> WEIGHT_BITS;
    }
  }

  /**
   * Puts the pixels of two rows side by side: two values in each element, so that one
   * multiplication does for both. Their sums have at most 24 bits, and weights are not negative.
   */
  private void pair(byte[] source, int one, int other) {
    for (int i = 0; i < paired.length; i += 3) {
      long red = source[one + i] & 0xFF;
      long green = source[one + i + 1] & 0xFF;
      long otherGreen = source[other + i + 1] & 0xFF;
      paired[i] = red | ((source[one + i + 2] & 0xFFL) << Integer.SIZE);
      paired[i + 1] = green | ((source[other + i] & 0xFFL) << Integer.SIZE);
      paired[i + 2] = otherGreen | ((source[other + i + 2] & 0xFFL) << Integer.SIZE);
    }
  }

  private void resizeColorRows(int one, int other) {
    for (int x = 0; x < columns.size(); x++) {
      int at = 3 * (columns.first[x] - columns.start());
      long redAndBlue = HALVES;
      long greenAndRed = HALVES;
      long greenAndBlue = HALVES;
      for (int weight : columns.weights[x]) {
        redAndBlue += weight * paired[at];
        greenAndRed += weight * paired[at + 1];
        greenAndBlue += weight * paired[at + 2];
        at += 3;
      }
      narrowed[one + 3 * x] = first(redAndBlue);
      narrowed[one + 3 * x + 1] = first(greenAndRed);
      narrowed[one + 3 * x + 2] = second(redAndBlue);
      narrowed[other + 3 * x] = second(greenAndRed);
      narrowed[other + 3 * x + 1] = first(greenAndBlue);
      narrowed[other + 3 * x + 2] = second(greenAndBlue);
    }
  }

  private static int first(long sums) {
    return (int) sums >> WEIGHT_BITS;
  }

  private static int second(long sums) {
    return (int) (sums >> (Integer.SIZE + WEIGHT_BITS));
  }

  private void resizeColumns() {
    for (int y = 0; y < rows.size(); y++) {
      Arrays.fill(sums, HALF);
      int[] weights = rows.weights[y];
      for (int i = 0; i < weights.length; i++) {
        addLine(narrowed, (rows.first[y] - rows.start() + i) * sums.length, weights[i], sums);
      }
      int out = y * sums.length;
      for (int x = 0; x < sums.length; x++) {
        result[out + x] = (byte) (sums[x] >> WEIGHT_BITS);
      }
    }
  }

  /** A loop that the virtual machine makes vector instructions of. */
  private static void addLine(int[] source, int from, int weight, int[] sums) {
    for (int x = 0; x < sums.length; x++) {
      sums[x] += weight * source[from + x];
    }
  }

  /**
   * The filters of two shapes. To compute them takes up to a third of the time of a small image.
   */
  private record Filters(Extent from, ImageShape to, Filter columns, Filter rows) {
    /** Images of one source mostly have one shape. */
    private static volatile Filters last =
        compute(Extent.whole(new ImageShape(1, 1, 1)), new ImageShape(1, 1, 1));

    static Filters of(Extent from, ImageShape to) {
      Filters filters = last;
      if (!filters.from.equals(from) || !filters.to.equals(to)) {
        filters = compute(from, to);
        last = filters;
      }
      return filters;
    }

    private static Filters compute(Extent from, ImageShape to) {
      double scale = Math.max(to.height() / from.height(), to.width() / from.width());
      long height = Math.max(to.height(), Math.round(from.height() * scale));
      long width = Math.max(to.width(), Math.round(from.width() * scale));
      return new Filters(
          from,
          to,
          new Filter(
              from.shape().width(),
              from.left(),
              from.width() / width,
              (width - to.width()) / 2,
              to.width()),
          new Filter(
              from.shape().height(),
              from.top(),
              from.height() / height,
              (height - to.height()) / 2,
              to.height()));
    }
  }

  /** Which pixels of a line, with which weights, make each pixel of the resized line. */
  private static final class Filter {
    final int[] first;

    /** For each pixel of the result; they add up to {@code 1 << WEIGHT_BITS}. */
    final int[][] weights;

    /**
     * @param from length of the line
     * @param begin where on the line the image begins
     * @param scale pixels of the line for each pixel of the resized line
     * @param offset where the part of the resized line that is wanted starts
     * @param size how long that part is
     */
    Filter(int from, double begin, double scale, long offset, int size) {
      first = new int[size];
      weights = new int[size][];
      double radius = Math.max(1, scale);
      for (int i = 0; i < size; i++) {
        double centre = begin + (i + offset + 0.5) * scale;
        int start = Math.max(0, (int) Math.floor(centre - radius));
        int end = Math.min(from, (int) Math.ceil(centre + radius));
        double[] exact = new double[end - start];
        double sum = 0;
        for (int k = start; k < end; k++) {
          exact[k - start] = Math.max(0, 1 - Math.abs(k + 0.5 - centre) / radius);
          sum += exact[k - start];
        }
        first[i] = start;
        weights[i] = rounded(exact, sum);
      }
    }

    int size() {
      return first.length;
    }

    /** The first pixel of the line that has a weight. */
    int start() {
      return first[0];
    }

    /** The pixel after the last that has a weight. */
    int end() {
      int last = first.length - 1;
      return first[last] + weights[last].length;
    }

    /** What rounding leaves over goes to the largest weight, so that a flat image stays flat. */
    private static int[] rounded(double[] exact, double sum) {
      int[] result = new int[exact.length];
      int left = 1 << WEIGHT_BITS;
      int largest = 0;
      for (int i = 0; i < exact.length; i++) {
        result[i] = (int) Math.round(exact[i] / sum * (1 << WEIGHT_BITS));
        left -= result[i];
        largest = result[i] > result[largest] ? i : largest;
      }
      result[largest] += left;
      return result;
    }
  }
}
