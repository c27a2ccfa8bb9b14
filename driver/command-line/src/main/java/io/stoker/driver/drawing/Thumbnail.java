// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import java.awt.image.BufferedImage;

/** Images made small enough to be shown; what is made never has more pixels than the image. */
final class Thumbnail {
  private Thumbnail() {}

  /** An image as it is. */
  static BufferedImage whole(Pixels image) {
    return of(image, image.shape().width(), image.shape().height());
  }

  /**
   * An image that fits into a square, with its own proportions as far as whole pixels allow; one
   * that fits already stays as it is.
   *
   * @param side of the square, in pixels
   */
  static BufferedImage within(Pixels image, int side) {
    ImageShape shape = image.shape();
    double scale = Math.min(1, (double) side / Math.max(shape.width(), shape.height()));
    return of(image, scaled(shape.width(), scale), scaled(shape.height(), scale));
  }

  private static int scaled(int length, double scale) {
    return (int) Math.max(1, Math.round(length * scale));
  }

  /**
   * An image of a given size: each pixel is the mean of those that it covers.
   *
   * @param width at least 1
   * @param height at least 1
   */
  static BufferedImage of(Pixels image, int width, int height) {
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    ImageShape shape = image.shape();
    for (int y = 0; y < height; y++) {
      int top = (int) ((long) y * shape.height() / height);
      int bottom = Math.max(top + 1, (int) ((y + 1L) * shape.height() / height));
      for (int x = 0; x < width; x++) {
        int left = (int) ((long) x * shape.width() / width);
        int right = Math.max(left + 1, (int) ((x + 1L) * shape.width() / width));
        small.setRGB(x, y, mean(image, top, bottom, left, right));
      }
    }
    return small;
  }

  /** The mean of rows {@code [top, bottom)} and columns {@code [left, right)}, as 0xRRGGBB. */
  private static int mean(Pixels image, int top, int bottom, int left, int right) {
    int channels = image.shape().channels();
    int rgb = 0;
    for (int channel = 0; channel < 3; channel++) {
      long sum = 0;
      for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
          int at = (y * image.shape().width() + x) * channels + Math.min(channel, channels - 1);
          sum += Byte.toUnsignedInt(image.values()[at]);
        }
      }
      rgb = rgb << 8 | (int) (sum / ((long) (bottom - top) * (right - left)));
    }
    return rgb;
  }
}
