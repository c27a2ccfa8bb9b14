// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.Shape;
import java.util.Locale;

/**
 * Images as bytes, with what a network is to see in place of each: a quarter of the bytes of
 * normalised images, for engines that copy images to where they compute.
 *
 * @param pixels interleaved uint8 {@code [examples, height, width, channels]}, at the start of the
 *     array, which belongs to the caller
 * @param values for each channel, the normalised value of each of the 256 pixels
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ByteImages(byte[] pixels, float[][] values) {
  /**
   * Normalises the images.
   *
   * @param shape of an image
   * @param examples the number of images
   * @return fp32 {@code [examples, channels, height, width]}
   * @throws IllegalArgumentException if there are too few pixels, or values of other channels
   */
  public float[] normalized(Shape shape, int examples) {
    check(shape, examples);
    int channels = shape.channels();
    int area = shape.height() * shape.width();
    float[] images = new float[examples * shape.features()];
    for (int example = 0; example < examples; example++) {
      int image = example * shape.features();
      for (int channel = 0; channel < channels; channel++) {
        for (int pixel = 0; pixel < area; pixel++) {
          images[image + channel * area + pixel] =
              values[channel][pixels[image + pixel * channels + channel] & 0xFF];
        }
      }
    }
    return images;
  }

  /**
   * Makes sure that there are as many images as a call is given.
   *
   * @param shape of an image
   * @param examples the number of images
   * @throws IllegalArgumentException if there are too few pixels, or values of other channels
   */
  public void check(Shape shape, int examples) {
    if (values.length != shape.channels() || pixels.length < (long) examples * shape.features()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Invalid images: %d bytes with values of %d channels (%d images of %s are asked for)",
              pixels.length,
              values.length,
              examples,
              shape));
    }
  }
}
