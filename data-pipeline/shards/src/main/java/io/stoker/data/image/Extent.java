// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

/**
 * Where an image lies on its pixels. It is all of them, unless it was decoded at a fraction of its
 * size: a side that the fraction does not divide ends within the last pixel, or begins within the
 * first one where the image was mirrored.
 *
 * @param shape of the pixels
 * @param top where the image begins, in rows
 * @param left where the image begins, in columns
 * @param height of the image, in rows
 * @param width of the image, in columns
 */
record Extent(ImageShape shape, double top, double left, double height, double width) {
  /** An image that is all pixels of a shape. */
  static Extent whole(ImageShape shape) {
    return new Extent(shape, 0, 0, shape.height(), shape.width());
  }

  /**
   * An upright image that was decoded at a fraction of its size.
   *
   * @param shape of the decoded pixels, upright
   * @param header of its file
   * @param reduction what both sides were divided by
   */
  static Extent reduced(ImageShape shape, ImageHeader header, int reduction) {
    double height = (double) header.uprightHeight() / reduction;
    double width = (double) header.uprightWidth() / reduction;
    return new Extent(
        shape,
        ExifOrientation.mirrorsRows(header.orientation()) ? shape.height() - height : 0,
        ExifOrientation.mirrorsColumns(header.orientation()) ? shape.width() - width : 0,
        height,
        width);
  }

  Extent withChannels(int channels) {
    return new Extent(
        new ImageShape(shape.height(), shape.width(), channels), top, left, height, width);
  }
}
