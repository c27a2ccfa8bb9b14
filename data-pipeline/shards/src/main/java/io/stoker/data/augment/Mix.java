// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;

/** How one example is mixed with another. */
public sealed interface Mix permits Mix.Mean, Mix.Patch {
  /** How much of the mix, and of its target, is the example's own, 0 to 1. */
  float share();

  /**
   * Mixes one image in place.
   *
   * @param own arrays of images {@code [channels, height, width]}, that of the example among them
   * @param at where it starts
   * @param other the same of the other example; it is unchanged
   * @param otherAt where that starts
   * @param image the shape of both
   */
  void apply(float[] own, int at, float[] other, int otherAt, ImageShape image);

  /**
   * Mixes one image in place, as {@link #apply} does, of values that are rounded.
   *
   * @param own interleaved uint8 {@code [height, width, channels]}
   * @param other likewise; it is unchanged
   * @param image the shape of both
   */
  default void applyToPixels(byte[] own, byte[] other, ImageShape image) {
    float[][] values = new float[image.channels()][256];
    for (float[] table : values) {
      for (int value = 0; value < 256; value++) {
        table[value] = value;
      }
    }
    float[] mixed = new float[own.length];
    float[] neighbour = new float[own.length];
    Resampler.toPlanes(own, image, values, mixed, 0);
    Resampler.toPlanes(other, image, values, neighbour, 0);
    apply(mixed, 0, neighbour, 0, image);
    for (int i = 0; i < own.length; i++) {
      int pixel = i / image.channels();
      own[i] = Draw.pixel(mixed[i % image.channels() * image.area() + pixel]);
    }
  }

  /**
   * Their weighted mean.
   *
   * @param share the weight of the example's own image
   */
  record Mean(float share) implements Mix {
    @Override
    public void apply(float[] own, int at, float[] other, int otherAt, ImageShape image) {
      for (int i = 0; i < image.bytes(); i++) {
        own[at + i] = share * own[at + i] + (1 - share) * other[otherAt + i];
      }
    }
  }

  /**
   * The example's own image, in which a rectangle shows what the other image has there.
   *
   * @param top its first row
   * @param left its first column
   * @param bottom the row after its last
   * @param right the column after its last
   * @param share of the image's area that is outside of it
   */
  record Patch(int top, int left, int bottom, int right, float share) implements Mix {
    @Override
    public void apply(float[] own, int at, float[] other, int otherAt, ImageShape image) {
      for (int channel = 0; channel < image.channels(); channel++) {
        for (int y = top; y < bottom; y++) {
          int first = (channel * image.height() + y) * image.width() + left;
          System.arraycopy(other, otherAt + first, own, at + first, right - left);
        }
      }
    }
  }
}
