// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

/**
 * The least size that the decoded pixels of an image must have. Which JPEG files are decoded at a
 * fraction of their size is decided here and in {@link Decoding} alone, so that all who resize to
 * the same shape have the same pixels.
 *
 * @param height in pixels; 0 if all pixels are wanted
 * @param width in pixels; 0 if all pixels are wanted
 */
public record LeastSize(int height, int width) {
  /** All pixels are wanted. */
  public static final LeastSize ALL = new LeastSize(0, 0);

  /**
   * By how much both sides of an image may be divided, rounded up: 1, 2, 4 or 8.
   *
   * @param imageHeight of the upright image
   * @param imageWidth of the upright image
   */
  int reduction(long imageHeight, long imageWidth) {
    int reduction = height == 0 ? 1 : 8;
    while (reduction > 1
        && (reduced(imageHeight, reduction) < height || reduced(imageWidth, reduction) < width)) {
      reduction /= 2;
    }
    return reduction;
  }

  /** A side that is divided by a reduction. */
  static long reduced(long side, int reduction) {
    return (side + reduction - 1) / reduction;
  }
}
