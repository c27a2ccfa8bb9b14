// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Brings images of one shape to another of as many channels: the side that is shorter in proportion
 * is resized to the target's, and the middle is cut out.
 *
 * <p>The filter is a triangle as wide as the reduction (bilinear with antialiasing, as in Pillow
 * and torchvision): each pixel of the result is the weighted mean of all the pixels that it covers.
 * It computes in integers, and so gives the same bits everywhere. It belongs to one thread.
 */
public final class Scaling {
  private static final int WEIGHT_BITS = 16;
  private static final int HALF = 1 << (WEIGHT_BITS - 1);

  /** The most rows of a band. */
  private static final int BAND_ROWS = 128;

  /** The most values that are kept of a band, unless one row has more. */
  private static final int BAND_VALUES = 1 << 18;

  /** Four bytes: a pixel, and a byte of the next one. */
  static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /** The last one of each thread: images of one source mostly have one shape. */
  private static final ThreadLocal<Scaling> LAST = new ThreadLocal<>();

  private final Extent from;
  private final ImageShape to;
  private final Filter columns;
  private final Filter rows;

  /** How many rows of the image are narrowed together. */
  private final int band;

  /** A column of a band; of an image in colour, a pixel in each word. */
  private final int[] column;

  private final Lines columnsOfBand;

  /** A band of the right width {@code [rows][columns]}. */
  private final int[][] narrowed;

  private final Lines narrowedRows;

  /** A row of the result. */
  private final int[] row;

  /**
   * @param from the shape of the images
   * @param to the shape of the results
   */
  public Scaling(ImageShape from, ImageShape to) {
    this(Extent.whole(from), to);
  }

  private Scaling(Extent from, ImageShape to) {
    this.from = from;
    this.to = to;
    double scale = Math.max(to.height() / from.height(), to.width() / from.width());
    long height = Math.max(to.height(), Math.round(from.height() * scale));
    long width = Math.max(to.width(), Math.round(from.width() * scale));
    columns =
        new Filter(
            from.shape().width(),
            from.left(),
            from.width() / width,
            (width - to.width()) / 2,
            to.width());
    rows =
        new Filter(
            from.shape().height(),
            from.top(),
            from.height() / height,
            (height - to.height()) / 2,
            to.height());
    int valuesOfRow = Math.max(columns.mostWeights * to.channels(), to.width());
    int most = Math.min(rows.end() - rows.start(), BAND_VALUES / valuesOfRow);
    band = Math.max(1, Math.min(BAND_ROWS, most));
    column = new int[band];
    columnsOfBand = new Lines(columns, to.channels(), band);
    narrowed = new int[band][to.width()];
    narrowedRows = new Lines(rows, to.channels(), to.width());
    row = new int[to.width()];
  }

  /**
   * One that belongs to the thread, until it asks for another.
   *
   * @param from where the images lie on their pixels
   * @param to the shape of the results
   */
  static Scaling ofThread(Extent from, ImageShape to) {
    Scaling scaling = LAST.get();
    if (scaling == null || !scaling.from.equals(from) || !scaling.to.equals(to)) {
      scaling = new Scaling(from, to);
      LAST.set(scaling);
    }
    return scaling;
  }

  /**
   * Resizes one image, a band of rows after the other. Only what the crop keeps is computed, and
   * only from the rows that it depends on: of an image that is a line, both are a small part.
   *
   * @param source interleaved uint8 {@code [height, width, channels]}, of as many channels as the
   *     result
   * @param target another array, receives the image in its new shape likewise, from its first byte
   *     on
   */
  public void apply(byte[] source, byte[] target) {
    int y = 0;
    for (int first = rows.start(); first < rows.end(); first += band) {
      int count = Math.min(band, rows.end() - first);
      narrow(source, first, count);
      for (int n = 0; n < count; n++) {
        narrowedRows.take(first + n, narrowed[n]);
        for (; y < rows.size() && rows.end(y) == first + n + 1; y++) {
          narrowedRows.weigh(y, row);
          write(row, target, y * to.width() * to.channels());
        }
      }
    }
  }

  /** Resizes rows of the image: column by column, so that a weight goes with a whole line. */
  private void narrow(byte[] source, int y, int count) {
    int next = columns.start();
    for (int x = 0; x < columns.size(); x++) {
      for (; next < columns.end(x); next++) {
        read(source, next, y, count);
        columnsOfBand.take(next, column);
      }
      columnsOfBand.weigh(x, column);
      for (int n = 0; n < count; n++) {
        narrowed[n][x] = column[n];
      }
    }
  }

  /** Reads a column of a band. */
  private void read(byte[] source, int x, int y, int count) {
    int width = from.shape().width();
    int stride = width * to.channels();
    int at = y * stride + x * to.channels();
    if (to.channels() == 1) {
      for (int n = 0; n < count; n++) {
        column[n] = source[at] & 0xFF;
        at += stride;
      }
    } else if (x < width - 1) {
      for (int n = 0; n < count; n++) {
        column[n] = (int) WORD.get(source, at);
        at += stride;
      }
    } else {
      for (int n = 0; n < count; n++) {
        column[n] = (source[at] & 0xFF) | (source[at + 1] & 0xFF) << 8 | source[at + 2] << 16;
        at += stride;
      }
    }
  }

  /**
   * Writes a row of the result. A word has a byte for the next pixel too, which is written next.
   */
  private void write(int[] pixels, byte[] target, int start) {
    int at = start;
    if (to.channels() == 1) {
      for (int pixel : pixels) {
        target[at++] = (byte) pixel;
      }
      return;
    }
    int last = pixels.length - 1;
    for (int x = 0; x < last; x++) {
      WORD.set(target, at, pixels[x]);
      at += 3;
    }
    target[at] = (byte) pixels[last];
    target[at + 1] = (byte) (pixels[last] >> 8);
    target[at + 2] = (byte) (pixels[last] >> 16);
  }

  /**
   * The columns, or rows, of an image that a filter meets one after the other: as many of them as
   * one of the result depends on. They come and go with a pixel in each word, the first channel in
   * its lowest byte, and wait with a value in each.
   *
   * <p>Java 17 makes vector instructions of loops over whole arrays of words. It makes none of
   * loops over parts that begin at different places, or over bytes.
   */
  private static final class Lines {
    private final Filter filter;
    private final boolean grey;

    /** {@code [lines][channels, pixels]}. */
    private final int[][] values;

    /** The weighted sum of lines {@code [channels, pixels]}. */
    private final int[] sums;

    private final int[] red;
    private final int[] green;
    private final int[] blue;

    Lines(Filter filter, int channels, int pixels) {
      this.filter = filter;
      grey = channels == 1;
      values = new int[filter.mostWeights][channels * pixels];
      sums = new int[channels * pixels];
      red = new int[pixels];
      green = new int[pixels];
      blue = new int[pixels];
    }

    /** Takes a line, in place of one that no line of the result depends on any more. */
    void take(int line, int[] pixels) {
      int[] place = line(line);
      int size = pixels.length;
      if (grey) {
        System.arraycopy(pixels, 0, place, 0, size);
      } else {
        split(pixels, red, green, blue);
        System.arraycopy(red, 0, place, 0, size);
        System.arraycopy(green, 0, place, size, size);
        System.arraycopy(blue, 0, place, 2 * size, size);
      }
    }

    /** Computes a line of the result. */
    void weigh(int index, int[] pixels) {
      sum(filter.first[index], filter.weights[index]);
      int size = pixels.length;
      if (grey) {
        round(sums, pixels);
      } else {
        System.arraycopy(sums, 0, red, 0, size);
        System.arraycopy(sums, size, green, 0, size);
        System.arraycopy(sums, 2 * size, blue, 0, size);
        join(red, green, blue, pixels);
      }
    }

    private void sum(int first, int[] weights) {
      int[] a = line(first);
      int[] b = line(first + 1);
      int next;
      if (weights.length <= 2) {
        begin(a, weights[0], b, weight(weights, 1), sums);
        next = 2;
      } else {
        int[] c = line(first + 2);
        int[] d = line(first + 3);
        begin(a, weights[0], b, weights[1], c, weights[2], d, weight(weights, 3), sums);
        next = 4;
      }
      for (; next < weights.length; next += 2) {
        a = line(first + next);
        b = line(first + next + 1);
        add(a, weights[next], b, weight(weights, next + 1), sums);
      }
    }

    private int[] line(int index) {
      return values[index % values.length];
    }

    /** The weight of a line; that after the last has none, whichever line is in its place. */
    private static int weight(int[] weights, int index) {
      return index < weights.length ? weights[index] : 0;
    }

    private static void split(int[] pixels, int[] red, int[] green, int[] blue) {
      for (int i = 0; i < red.length; i++) {
        red[i] = pixels[i] & 0xFF;
        green[i] = pixels[i] >> 8 & 0xFF;
        blue[i] = pixels[i] >> 16 & 0xFF;
      }
    }

    private static void begin(int[] a, int ofA, int[] b, int ofB, int[] sums) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] = HALF + ofA * a[i] + ofB * b[i];
      }
    }

    private static void begin(
        int[] a, int ofA, int[] b, int ofB, int[] c, int ofC, int[] d, int ofD, int[] sums) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] = HALF + ofA * a[i] + ofB * b[i] + ofC * c[i] + ofD * d[i];
      }
    }

    private static void add(int[] a, int ofA, int[] b, int ofB, int[] sums) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += ofA * a[i] + ofB * b[i];
      }
    }

    private static void round(int[] sums, int[] pixels) {
      for (int i = 0; i < sums.length; i++) {
        pixels[i] = sums[i] >> WEIGHT_BITS;
      }
    }

    private static void join(int[] red, int[] green, int[] blue, int[] pixels) {
      for (int i = 0; i < red.length; i++) {
        pixels[i] =
            red[i] >> WEIGHT_BITS | green[i] >> WEIGHT_BITS << 8 | blue[i] >> WEIGHT_BITS << 16;
      }
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

    /**
     * Integers that add up to the same, so that a flat image stays flat, none of them negative, so
     * that no value leaves its range. What rounding leaves over goes to the largest weight, or, of
     * a reduction by thousands, to many weights, which are small there.
     */
    private static int[] rounded(double[] exact, double sum) {
      int[] result = new int[exact.length];
      int left = 1 << WEIGHT_BITS;
      int largest = 0;
      for (int i = 0; i < exact.length; i++) {
        result[i] = (int) Math.round(exact[i] / sum * (1 << WEIGHT_BITS));
        left -= result[i];
        largest = result[i] > result[largest] ? i : largest;
      }
      if (Math.abs(left) <= result[largest] / 2) {
        result[largest] += left;
        return result;
      }
      int step = Integer.signum(left);
      for (int i = 0; left != 0; i = (i + 1) % result.length) {
        if (result[i] > 0) {
          result[i] += step;
          left -= step;
        }
      }
      return result;
    }
  }
}
