// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.base.Division;
import io.stoker.data.image.Pixels;
import java.io.Serializable;
import java.util.List;

/**
 * The sums of the pixels of square patches of images, and of the products of two pixels of a patch.
 * They are whole numbers: the same in whatever order images are added and sums are merged.
 */
public final class PatchSums implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Of larger images, patches are taken at about as many places along each side. */
  private static final int PLACES = 32;

  private final int kernel;
  private final int channels;
  private final long[] sums;
  private final long[][] products;
  private long patches;

  /**
   * No patches.
   *
   * @param kernel their side
   * @param channels those of the images
   */
  public PatchSums(int kernel, int channels) {
    this.kernel = kernel;
    this.channels = channels;
    int values = kernel * kernel * channels;
    sums = new long[values];
    products = new long[values][values];
  }

  /** Adds the patches of an image. */
  public void add(Pixels image) {
    int height = image.shape().height();
    int width = image.shape().width();
    int[] patch = new int[sums.length];
    int down = Division.ceiling(height, PLACES);
    int right = Division.ceiling(width, PLACES);
    for (int y = 0; y + kernel <= height; y += down) {
      for (int x = 0; x + kernel <= width; x += right) {
        read(image.values(), y, x, width, patch);
        add(patch);
      }
    }
  }

  /** Reads a patch as {@code [channels, kernel, kernel]}. */
  private void read(byte[] pixels, int top, int left, int width, int[] patch) {
    int i = 0;
    for (int channel = 0; channel < channels; channel++) {
      for (int y = top; y < top + kernel; y++) {
        for (int x = left; x < left + kernel; x++) {
          patch[i] = Byte.toUnsignedInt(pixels[(y * width + x) * channels + channel]);
          i++;
        }
      }
    }
  }

  private void add(int[] patch) {
    for (int i = 0; i < patch.length; i++) {
      sums[i] += patch[i];
      for (int j = i; j < patch.length; j++) {
        products[i][j] += (long) patch[i] * patch[j];
      }
    }
    patches++;
  }

  /** Adds other sums; returns this. */
  public PatchSums merge(PatchSums other) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += other.sums[i];
      for (int j = i; j < sums.length; j++) {
        products[i][j] += other.products[i][j];
      }
    }
    patches += other.patches;
    return this;
  }

  /**
   * The means of the products of two normalised values, which are the covariances where the mean is
   * that of the patches.
   *
   * @param mean of each channel, in pixel units
   * @param deviation what each channel is divided by
   * @return a symmetric matrix, of which the upper right half is filled
   */
  public double[][] covariance(List<Double> mean, List<Double> deviation) {
    int area = kernel * kernel;
    double[][] covariance = new double[sums.length][sums.length];
    for (int i = 0; i < sums.length; i++) {
      double meanI = mean.get(i / area);
      for (int j = i; j < sums.length; j++) {
        double meanJ = mean.get(j / area);
        double sum = products[i][j] - meanI * sums[j] - meanJ * sums[i] + patches * meanI * meanJ;
        covariance[i][j] = sum / patches / deviation.get(i / area) / deviation.get(j / area);
      }
    }
    return covariance;
  }
}
