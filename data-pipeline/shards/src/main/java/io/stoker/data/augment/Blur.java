// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;

/**
 * A Gaussian blur, first along rows and then along columns; beyond its edge the image goes on as it
 * is there.
 */
final class Blur implements PixelChange {
  private final ImageShape shape;
  private final float[] weights;
  private final float[] rows;
  private final byte[] blurred;

  /**
   * @param shape of the images
   * @param deviation of the Gaussian, in pixels; more than 0
   */
  Blur(ImageShape shape, double deviation) {
    int radius = (int) Math.ceil(3 * deviation);
    this.shape = shape;
    this.weights = new float[2 * radius + 1];
    this.rows = new float[shape.bytes()];
    this.blurred = new byte[shape.bytes()];
    double[] exact = new double[weights.length];
    double sum = 0;
    for (int i = 0; i < exact.length; i++) {
      double distance = (i - radius) / deviation;
      exact[i] = StrictMath.exp(-distance * distance / 2);
      sum += exact[i];
    }
    for (int i = 0; i < exact.length; i++) {
      weights[i] = (float) (exact[i] / sum);
    }
  }

  @Override
  public byte[] apply(long sampleId, byte[] image) {
    int channels = shape.channels();
    int stride = shape.width() * channels;
    for (int i = 0; i < shape.bytes(); i++) {
      int x = i % stride / channels;
      float sum = 0;
      for (int k = 0; k < weights.length; k++) {
        int at = clamp(x + k - weights.length / 2, shape.width());
        sum += weights[k] * (image[i + (at - x) * channels] & 0xFF);
      }
      rows[i] = sum;
    }
    for (int i = 0; i < shape.bytes(); i++) {
      int y = i / stride;
      float sum = 0;
      for (int k = 0; k < weights.length; k++) {
        int at = clamp(y + k - weights.length / 2, shape.height());
        sum += weights[k] * rows[i + (at - y) * stride];
      }
      blurred[i] = Draw.pixel(sum);
    }
    return blurred;
  }

  private static int clamp(int position, int size) {
    return Math.max(0, Math.min(size - 1, position));
  }
}
