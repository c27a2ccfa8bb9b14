// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

/**
 * What an image file says of its first picture before anything is decoded.
 *
 * @param height of the canvas, in pixels
 * @param width of the canvas, in pixels
 * @param top where the picture starts on the canvas
 * @param left where the picture starts on the canvas
 * @param background red, green and blue, 8 bits each, of the canvas around the picture
 * @param orientation how the camera was held, 1 to 8 as {@link ExifOrientation} says
 */
record ImageHeader(long height, long width, int top, int left, int background, int orientation) {
  /** What transparent pixels are laid over. */
  static final int WHITE = 0xFFFFFF;

  /** A picture that fills its canvas. */
  static ImageHeader of(long height, long width, int orientation) {
    return new ImageHeader(height, width, 0, 0, WHITE, orientation);
  }

  /** The height of the picture turned upright. */
  long uprightHeight() {
    return ExifOrientation.swapsSides(orientation) ? width : height;
  }

  /** The width of the picture turned upright. */
  long uprightWidth() {
    return ExifOrientation.swapsSides(orientation) ? height : width;
  }

  /**
   * Checks the size before memory is taken.
   *
   * @throws UnreadableImageException if there are no pixels, or too many
   */
  void check(long maximumPixels) throws UnreadableImageException {
    checkSize(height, width, maximumPixels);
  }

  /**
   * Checks a size before memory is taken.
   *
   * @throws UnreadableImageException if there are no pixels, or too many
   */
  static void checkSize(long height, long width, long maximumPixels)
      throws UnreadableImageException {
    if (height < 1 || width < 1) {
      throw UnreadableImageException.of("damaged: %d x %d pixels", height, width);
    }
    if (height > maximumPixels / width) {
      throw UnreadableImageException.of(
          "too large: %d x %d pixels, the limit is %d", height, width, maximumPixels);
    }
  }

  /**
   * Puts the picture where it belongs on its canvas.
   *
   * @throws UnreadableImageException if it does not fit, so is not the picture of this header
   */
  Pixels onCanvas(Pixels picture) throws UnreadableImageException {
    ImageShape from = picture.shape();
    if (from.height() == height && from.width() == width) {
      return picture;
    }
    if ((long) top + from.height() > height || (long) left + from.width() > width) {
      throw UnreadableImageException.of(
          "damaged: a picture of %s on a canvas of %d x %d", from, height, width);
    }
    ImageShape to = new ImageShape((int) height, (int) width, from.channels());
    byte[] values = new byte[to.bytes()];
    for (int i = 0; i < values.length; i++) {
      int shift = 16 - 8 * (i % to.channels());
      values[i] = (byte) (background >> shift);
    }
    int rowBytes = from.width() * from.channels();
    for (int row = 0; row < from.height(); row++) {
      int target = ((top + row) * to.width() + left) * to.channels();
      System.arraycopy(picture.values(), row * rowBytes, values, target, rowBytes);
    }
    return new Pixels(to, values);
  }
}
