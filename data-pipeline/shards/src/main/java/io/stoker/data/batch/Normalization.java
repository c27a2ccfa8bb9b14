// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.augment.Views;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;
import java.util.List;

/**
 * Turns uint8 pixels into what a network sees: {@code (pixel - mean[channel]) /
 * standardDeviation[channel]}, channels first. A channel whose pixels are all equal has a standard
 * deviation of 0 and is divided by 1.
 */
public final class Normalization {
  /** The value of each of the 256 pixels of each channel. */
  private final float[][] values;

  /**
   * @param mean of each channel, in pixel units
   * @param standardDeviation of each channel, in pixel units
   */
  public Normalization(List<Double> mean, List<Double> standardDeviation) {
    Check.input(
        !mean.isEmpty() && mean.size() == standardDeviation.size(),
        "Invalid normalisation: %d means and %d standard deviations",
        mean.size(),
        standardDeviation.size());
    values = new float[mean.size()][256];
    for (int channel = 0; channel < values.length; channel++) {
      double deviation = standardDeviation.get(channel);
      for (int pixel = 0; pixel < 256; pixel++) {
        values[channel][pixel] =
            (float) ((pixel - mean.get(channel)) / (deviation > 0 ? deviation : 1));
      }
    }
  }

  /** The normalisation by the statistics of a data set. */
  public static Normalization of(ChannelStatistics statistics) {
    return new Normalization(statistics.mean(), statistics.standardDeviation());
  }

  /** The value of each of the 256 pixels of each channel; not to be changed. */
  float[][] values() {
    return values;
  }

  /**
   * Normalises one image.
   *
   * @param pixels interleaved uint8 {@code [height, width, channels]}
   * @param shape of the image
   * @param target receives {@code [channels, height, width]}
   * @param offset where in the target
   */
  public void apply(byte[] pixels, ImageShape shape, float[] target, int offset) {
    Views.centre(shape, shape).apply(pixels, values, target, offset);
  }

  /**
   * Normalises views of one image.
   *
   * @param pixels interleaved uint8 {@code [height, width, channels]}
   * @param views of images of its shape
   * @param target receives {@code [views, channels, height, width]}
   * @param offset where in the target
   */
  public void apply(byte[] pixels, Views views, float[] target, int offset) {
    views.apply(pixels, values, target, offset);
  }
}
