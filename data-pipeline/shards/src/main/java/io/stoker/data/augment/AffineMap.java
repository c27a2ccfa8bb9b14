// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;

/**
 * Where each pixel of an augmented image comes from, in pixels from the centres of both images:
 * {@code sourceX = xx * x + xy * y + xt} and {@code sourceY = yx * x + yy * y + yt}. Augmentations
 * that move pixels are composed into one map, so that an image is resampled once, however many
 * there are.
 */
public final class AffineMap {
  double xx;
  double xy;
  double xt;
  double yx;
  double yy;
  double yt;
  private ImageShape source;
  private int height;
  private int width;
  private Border border;

  /** Makes this the map that gives an image as it is. */
  void reset(ImageShape image) {
    xx = 1;
    xy = 0;
    xt = 0;
    yx = 0;
    yy = 1;
    yt = 0;
    source = image;
    height = image.height();
    width = image.width();
    border = Border.BLACK;
  }

  /** Rows of the image that the map gives so far. */
  int height() {
    return height;
  }

  /** Columns of the image that the map gives so far. */
  int width() {
    return width;
  }

  /** Whether the image that the map gives so far has the height and width of a shape. */
  boolean hasSizeOf(ImageShape shape) {
    return height == shape.height() && width == shape.width();
  }

  /**
   * Chooses what the map shows outside of the source.
   *
   * @param asked that of one augmentation; black changes nothing
   */
  void continueWith(Border asked) {
    if (asked != Border.BLACK) {
      border = asked;
    }
  }

  /** Whether what is outside of the source shows the source, mirrored. */
  boolean isReflected() {
    return border == Border.REFLECT;
  }

  /** Moves the image by whole or part pixels, right and down. */
  void thenMove(double right, double down) {
    xt -= xx * right + xy * down;
    yt -= yx * right + yy * down;
  }

  /**
   * Applies a linear map to the image so far: the pixel (x, y) now comes from {@code (a * x + b *
   * y, c * x + d * y)} of the image before.
   */
  void then(double a, double b, double c, double d) {
    double nextXx = xx * a + xy * c;
    double nextXy = xx * b + xy * d;
    double nextYx = yx * a + yy * c;
    double nextYy = yx * b + yy * d;
    xx = nextXx;
    xy = nextXy;
    yx = nextYx;
    yy = nextYy;
  }

  /** Goes on with a window of the image so far, whose first pixel is that of a row and a column. */
  void thenCut(int top, int left, ImageShape window) {
    thenMove((width - window.width()) / 2.0 - left, (height - window.height()) / 2.0 - top);
    height = window.height();
    width = window.width();
  }

  /** Enlarges the middle of the image so far, of this width and height, to the size of a shape. */
  void thenEnlarge(double partWidth, double partHeight, ImageShape shape) {
    then(partWidth / shape.width(), 0, 0, partHeight / shape.height());
    height = shape.height();
    width = shape.width();
  }

  /** Whether pixels only move by whole steps, perhaps mirrored: then nothing is resampled. */
  boolean isExact() {
    return Math.abs(xx) == 1
        && yy == 1
        && xy == 0
        && yx == 0
        && firstColumn() == Math.rint(firstColumn())
        && firstRow() == Math.rint(firstRow());
  }

  /** The column of the source that the first column comes from, where {@link #isExact}. */
  double firstColumn() {
    return xt + (source.width() - 1) / 2.0 - xx * ((width - 1) / 2.0);
  }

  /** The row of the source that the first row comes from, where {@link #isExact}. */
  double firstRow() {
    return yt + (source.height() - 1) / 2.0 - (height - 1) / 2.0;
  }
}
