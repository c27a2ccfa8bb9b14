// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ChannelStatistics;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/**
 * Sums and sums of products of the channels' pixels. They are whole numbers and hold 10^14 pixels:
 * exact, and independent of the order of images.
 */
final class ChannelSums implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How many numbers {@link #copyTo} writes. */
  static final int NUMBERS = 10;

  private int channels;
  private long pixels;
  private final long[] sums = new long[3];

  /** Red by red, red by green, red by blue, green by green, green by blue, blue by blue. */
  private final long[] products = new long[6];

  /** The sums of an image, as {@link #copyTo} wrote them. */
  static ChannelSums of(int channels, long[] source, int offset) {
    ChannelSums result = new ChannelSums();
    result.add(channels, source, offset);
    return result;
  }

  /** Adds the sums of an image, as {@link #copyTo} wrote them. */
  void add(int imageChannels, long[] source, int offset) {
    channels = Math.max(channels, imageChannels);
    pixels += source[offset];
    for (int i = 0; i < sums.length; i++) {
      sums[i] += source[offset + 1 + i];
    }
    for (int i = 0; i < products.length; i++) {
      products[i] += source[offset + 4 + i];
    }
  }

  /** Writes the number of pixels, the sums and the sums of products. */
  void copyTo(long[] target, int offset) {
    target[offset] = pixels;
    System.arraycopy(sums, 0, target, offset + 1, sums.length);
    System.arraycopy(products, 0, target, offset + 4, products.length);
  }

  /** Adds an image; all have the same number of channels. */
  void add(Pixels image) {
    channels = image.shape().channels();
    pixels += image.shape().area();
    byte[] values = image.values();
    if (channels == 1) {
      addGrey(values);
    } else {
      addColors(values);
    }
  }

  private void addGrey(byte[] values) {
    long sum = 0;
    long squares = 0;
    for (byte value : values) {
      long grey = value & 0xFF;
      sum += grey;
      squares += grey * grey;
    }
    sums[0] += sum;
    products[0] += squares;
  }

  private void addColors(byte[] values) {
    long red = 0;
    long green = 0;
    long blue = 0;
    long redRed = 0;
    long redGreen = 0;
    long redBlue = 0;
    long greenGreen = 0;
    long greenBlue = 0;
    long blueBlue = 0;
    for (int i = 0; i < values.length; i += 3) {
      long r = values[i] & 0xFF;
      long g = values[i + 1] & 0xFF;
      long b = values[i + 2] & 0xFF;
      red += r;
      green += g;
      blue += b;
      redRed += r * r;
      redGreen += r * g;
      redBlue += r * b;
      greenGreen += g * g;
      greenBlue += g * b;
      blueBlue += b * b;
    }
    sums[0] += red;
    sums[1] += green;
    sums[2] += blue;
    products[0] += redRed;
    products[1] += redGreen;
    products[2] += redBlue;
    products[3] += greenGreen;
    products[4] += greenBlue;
    products[5] += blueBlue;
  }

  /** Adds the sums of other images. */
  void add(ChannelSums other) {
    channels = Math.max(channels, other.channels);
    pixels += other.pixels;
    for (int i = 0; i < 3; i++) {
      sums[i] += other.sums[i];
    }
    for (int i = 0; i < products.length; i++) {
      products[i] += other.products[i];
    }
  }

  /** What the sums say; there must be at least one image. */
  ChannelStatistics statistics() {
    List<Double> means = new ArrayList<>();
    List<Double> deviations = new ArrayList<>();
    for (int i = 0; i < channels; i++) {
      means.add((double) sums[i] / pixels);
      deviations.add(Math.sqrt(Math.max(0, covariance(i, i))));
    }
    return channels == 3
        ? withComponents(means, deviations)
        : new ChannelStatistics(means, deviations, List.of(), List.of());
  }

  private double covariance(int i, int j) {
    int smaller = Math.min(i, j);
    int index = 3 * smaller - smaller * (smaller + 1) / 2 + Math.max(i, j);
    double product = (double) products[index] / pixels;
    return product - ((double) sums[i] / pixels) * ((double) sums[j] / pixels);
  }

  private ChannelStatistics withComponents(List<Double> means, List<Double> deviations) {
    double[][] covariance = new double[3][3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        covariance[i][j] = covariance(i, j);
      }
    }
    EigenDecomposition decomposition = new EigenDecomposition(new Array2DRowRealMatrix(covariance));
    List<Double> eigenvalues = new ArrayList<>();
    List<List<Double>> eigenvectors = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      eigenvalues.add(Math.max(0, decomposition.getRealEigenvalue(i)));
      eigenvectors.add(directed(decomposition.getEigenvector(i).toArray()));
    }
    return new ChannelStatistics(means, deviations, eigenvalues, eigenvectors);
  }

  /** Of the two unit vectors of a direction, the one whose largest component is positive. */
  private static List<Double> directed(double[] vector) {
    double largest = 0;
    for (double component : vector) {
      largest = Math.abs(component) > Math.abs(largest) ? component : largest;
    }
    List<Double> result = new ArrayList<>();
    for (double component : vector) {
      result.add(largest < 0 ? -component : component);
    }
    return result;
  }
}
