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
