// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.util.Arrays;

/**
 * Brings any image to one shape: the short side is resized to the target's, the middle is cut out,
 * grey and colour are converted into each other.
 *
 * <p>The filter is a triangle as wide as the reduction (bilinear with antialiasing, as in Pillow
 * and torchvision): each pixel of the result is the weighted mean of all the pixels that it covers.
 */
public final class Resizing {
  private static final int WEIGHT_BITS = 16;
  private static final int HALF = 1 << (WEIGHT_BITS - 1);

  private Resizing() {}

  /**
   * Brings an image to a shape. An image that has it already is returned as it is.
   *
   * @param image of any shape
   * @param target height, width and channels of the result
   */
  public static Pixels fit(Pixels image, ImageShape target) {
    int channels = image.shape().channels();
    // To grey first, to colour last: one channel is resized instead of three equal ones.
    Pixels source = target.channels() < channels ? withChannels(image, target.channels()) : image;
    ImageShape shape = new ImageShape(target.height(), target.width(), source.shape().channels());
    return withChannels(
        source.shape().equals(shape) ? source : resize(source, shape), target.channels());
  }

  /**
   * Only what the crop keeps is computed, and only from the rows that it depends on: of an image
   * that is a line, both are a small part.
   */
  private static Pixels resize(Pixels image, ImageShape target) {
    ImageShape from = image.shape();
    double scale =
        Math.max((double) target.height() / from.height(), (double) target.width() / from.width());
    long height = Math.max(target.height(), Math.round(from.height() * scale));
    long width = Math.max(target.width(), Math.round(from.width() * scale));
    Filter columns = new Filter(from.width(), width, (width - target.width()) / 2, target.width());
    Filter rows =
        new Filter(from.height(), height, (height - target.height()) / 2, target.height());
    int firstRow = rows.start();
    int[] narrowed = resizeRows(image.values(), from, firstRow, rows.end(), columns);
    return new Pixels(target, resizeColumns(narrowed, firstRow, target, rows));
  }

  /**
   * Converts between grey and colour. Grey is the luma of ITU-R BT.601 (0.299 red, 0.587 green,
   * 0.114 blue), as in Pillow.
   */
  static Pixels withChannels(Pixels image, int channels) {
    ImageShape from = image.shape();
    if (from.channels() == channels) {
      return image;
    }
    ImageShape to = new ImageShape(from.height(), from.width(), channels);
    byte[] source = image.values();
    byte[] values = new byte[to.bytes()];
    for (int i = 0; i < from.area(); i++) {
      if (channels == 1) {
        int red = source[3 * i] & 0xFF;
        int green = source[3 * i + 1] & 0xFF;
        int blue = source[3 * i + 2] & 0xFF;
        values[i] = (byte) ((red * 19595 + green * 38470 + blue * 7471 + HALF) >> WEIGHT_BITS);
      } else {
        values[3 * i] = source[i];
        values[3 * i + 1] = source[i];
        values[3 * i + 2] = source[i];
      }
    }
    return new Pixels(to, values);
  }

  /**
   * The pixels of the result are of 8 bits, in elements that the next pass adds up side by side.
   */
  private static int[] resizeRows(
      byte[] source, ImageShape shape, int firstRow, int endRow, Filter filter) {
    int stride = filter.size() * shape.channels();
    int[] target = new int[Math.multiplyExact(endRow - firstRow, stride)];
    for (int y = firstRow; y < endRow; y++) {
      int in = y * shape.width() * shape.channels();
      int out = (y - firstRow) * stride;
      if (shape.channels() == 1) {
        resizeGreyRow(source, in, filter, target, out);
      } else {
        resizeColorRow(source, in, filter, target, out);
      }
    }
    return target;
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

  private static void resizeColorRow(byte[] source, int in, Filter filter, int[] target, int out) {
    for (int x = 0; x < filter.size(); x++) {
      int from = in + 3 * filter.first[x];
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      for (int weight : filter.weights[x]) {
        red += weight * (source[from] & 0xFF);
        green += weight * (source[from + 1] & 0xFF);
        blue += weight * (source[from + 2] & 0xFF);
        from += 3;
      }
      int to = out + 3 * x;
      target[to] = red >> WEIGHT_BITS;
      target[to + 1] = green >> WEIGHT_BITS;
      target[to + 2] = blue >> WEIGHT_BITS;
    }
  }

  private static byte[] resizeColumns(
      int[] source, int firstRow, ImageShape target, Filter filter) {
    int stride = target.width() * target.channels();
    byte[] values = new byte[target.bytes()];
    int[] sums = new int[stride];
    for (int y = 0; y < filter.size(); y++) {
      Arrays.fill(sums, HALF);
      int[] weights = filter.weights[y];
      for (int i = 0; i < weights.length; i++) {
        addLine(source, (filter.first[y] - firstRow + i) * stride, weights[i], sums);
      }
      int out = y * stride;
      for (int x = 0; x < stride; x++) {
        values[out + x] = (byte) (sums[x] >> WEIGHT_BITS);
      }
    }
    return values;
  }

  /** A loop that the virtual machine makes vector instructions of. */
  private static void addLine(int[] source, int from, int weight, int[] sums) {
    for (int x = 0; x < sums.length; x++) {
      sums[x] += weight * source[from + x];
    }
  }

  /** Which pixels of a line, with which weights, make each pixel of the resized line. */
  private static final class Filter {
    final int[] first;

    /** For each pixel of the result; they add up to {@code 1 << WEIGHT_BITS}. */
    final int[][] weights;

    /**
     * @param from length of the line
     * @param to length of the whole resized line
     * @param offset where the part that is wanted starts
     * @param size how long that part is
     */
    Filter(int from, long to, long offset, int size) {
      first = new int[size];
      weights = new int[size][];
      double scale = (double) from / to;
      double radius = Math.max(1, scale);
      for (int i = 0; i < size; i++) {
        double centre = (i + offset + 0.5) * scale;
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
