// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.util.Arrays;
import java.util.Collections;

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

  /** The most rows of a band. */
  private static final int BAND_ROWS = 64;

  /** The most values of a band, unless one row has more. */
  private static final int BAND_VALUES = 1 << 18;

  private final ImageShape from;
  private final Filter columns;
  private final Filter rows;

  /** How many rows of the image are resized together. */
  private final int band;

  /** A band of the image, of the columns that are needed: {@code [columns][channels, rows]}. */
  private final int[][] turned;

  /** A resized column of the band {@code [channels, rows]}. */
  private final int[] column;

  /** Rows of the right width {@code [rows][columns, channels]}; values have 8 bits again. */
  private final int[][] narrowed;

  /** A row of the result. */
  private final int[] sums;

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
    int width = columns.end() - columns.start();
    int most = Math.min(rows.end() - rows.start(), BAND_VALUES / (width * to.channels()));
    band = Math.max(1, Math.min(BAND_ROWS, most));
    turned = new int[width][to.channels() * band];
    column = new int[to.channels() * band];
    sums = new int[to.width() * to.channels()];
    narrowed = new int[band + rows.mostWeights][sums.length];
    result = new byte[to.bytes()];
  }

  /**
   * Resizes one image, a band of rows after the other. Only what the crop keeps is computed, and
   * only from the rows that it depends on: of an image that is a line, both are a small part.
   *
   * @param source interleaved uint8 {@code [height, width, channels]}
   * @return the image in its new shape, until the next call
   */
  public byte[] apply(byte[] source) {
    int first = rows.start(); // The row of the image that the first of the narrowed ones is of.
    int filled = 0;
    int y = 0;
    while (y < rows.size()) {
      int count = Math.min(band, rows.end() - first - filled);
      turn(source, first + filled, count);
      narrow(filled, count);
      filled += count;
      for (; y < rows.size() && rows.end(y) <= first + filled; y++) {
        weigh(narrowed, rows.first[y] - first, rows.weights[y], sums);
        toBytes(sums, result, y * sums.length);
      }
      int needed = y < rows.size() ? rows.first[y] : rows.end();
      Collections.rotate(Arrays.asList(narrowed), first - needed);
      filled -= needed - first;
      first = needed;
    }
    return result;
  }

  /** Makes columns of the rows of a band, so that a weight goes with a whole line. */
  private void turn(byte[] source, int y, int count) {
    int channels = from.channels();
    int row = from.width() * channels;
    int start = y * row + columns.start() * channels;
    for (int[] pixels : turned) {
      if (channels == 1) {
        turnGrey(source, start, row, pixels, count);
      } else {
        turnColor(source, start, row, pixels, count);
      }
      start += channels;
    }
  }

  private static void turnGrey(byte[] source, int start, int row, int[] pixels, int count) {
    int at = start;
    for (int n = 0; n < count; n++) {
      pixels[n] = source[at] & 0xFF;
      at += row;
    }
  }

  private static void turnColor(byte[] source, int start, int row, int[] pixels, int count) {
    int green = pixels.length / 3;
    int blue = 2 * green;
    int at = start;
    for (int n = 0; n < count; n++) {
      pixels[n] = source[at] & 0xFF;
      pixels[green + n] = source[at + 1] & 0xFF;
      pixels[blue + n] = source[at + 2] & 0xFF;
      at += row;
    }
  }

  /** Resizes the rows of the band, and makes rows of its columns again. */
  private void narrow(int y, int count) {
    for (int x = 0; x < columns.size(); x++) {
      weigh(turned, columns.first[x] - columns.start(), columns.weights[x], column);
      if (from.channels() == 1) {
        turnGreyBack(column, x, y, count);
      } else {
        turnColorBack(column, x, y, count);
      }
    }
  }

  private void turnGreyBack(int[] pixels, int x, int y, int count) {
    for (int n = 0; n < count; n++) {
      narrowed[y + n][x] = pixels[n] >> WEIGHT_BITS;
    }
  }

  private void turnColorBack(int[] pixels, int x, int y, int count) {
    int green = pixels.length / 3;
    int blue = 2 * green;
    for (int n = 0; n < count; n++) {
      int[] row = narrowed[y + n];
      row[3 * x] = pixels[n] >> WEIGHT_BITS;
      row[3 * x + 1] = pixels[green + n] >> WEIGHT_BITS;
      row[3 * x + 2] = pixels[blue + n] >> WEIGHT_BITS;
    }
  }

  /**
   * The weighted sum of lines, element by element. Java 17 makes vector instructions of loops over
   * whole arrays, and none of loops over parts that begin at different places.
   */
  private static void weigh(int[][] lines, int first, int[] weights, int[] sums) {
    int i = weights.length % 2;
    if (i == 1) {
      begin(lines[first], weights[0], sums);
    } else {
      begin(lines[first], weights[0], lines[first + 1], weights[1], sums);
      i = 2;
    }
    for (; i < weights.length; i += 2) {
      add(lines[first + i], weights[i], lines[first + i + 1], weights[i + 1], sums);
    }
  }

  private static void begin(int[] line, int weight, int[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] = HALF + weight * line[i];
    }
  }

  private static void begin(int[] one, int weight, int[] two, int other, int[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] = HALF + weight * one[i] + other * two[i];
    }
  }

  private static void add(int[] one, int weight, int[] two, int other, int[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += weight * one[i] + other * two[i];
    }
  }

  private static void toBytes(int[] sums, byte[] target, int at) {
    for (int i = 0; i < sums.length; i++) {
      target[at + i] = (byte) (sums[i] >> WEIGHT_BITS);
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

    /** The most that one pixel of the result has. */
    final int mostWeights;

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
      int most = 0;
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
        most = Math.max(most, weights[i].length);
      }
      mostWeights = most;
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
      return end(first.length - 1);
    }

    /** The pixel after the last that has a weight in one of the resized line. */
    int end(int index) {
      return first[index] + weights[index].length;
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
