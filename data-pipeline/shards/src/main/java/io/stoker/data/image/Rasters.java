// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;

/** Between Java's images and {@link Pixels}. */
final class Rasters {
  private Rasters() {}

  /**
   * Takes the pixels of an image, transparent ones laid over white. Grey stays grey: Java would
   * convert it through a linear colour space, and change its values.
   */
  static Pixels toPixels(BufferedImage image) {
    if (image.getType() == BufferedImage.TYPE_3BYTE_BGR && isWhole(image)) {
      return fromBgr(image);
    }
    if (image.getColorModel() instanceof ComponentColorModel model) {
      boolean gray = model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
      boolean rgb = model.getColorSpace().getType() == ColorSpace.TYPE_RGB;
      int bits = model.getComponentSize(0);
      if ((gray || rgb) && (bits == 8 || bits == 16)) {
        return fromComponents(image.getRaster(), gray ? 1 : 3, bits - 8, model.hasAlpha());
      }
    }
    return fromColors(image);
  }

  /** An image that shares nothing with the pixels. */
  static BufferedImage toImage(Pixels pixels) {
    ImageShape shape = pixels.shape();
    boolean gray = shape.channels() == 1;
    BufferedImage image =
        new BufferedImage(
            shape.width(),
            shape.height(),
            gray ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
    byte[] data = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    byte[] values = pixels.values();
    if (gray) {
      System.arraycopy(values, 0, data, 0, values.length);
    } else {
      swapRedAndBlue(values, data);
    }
    return image;
  }

  /** An image that is a view of interleaved pixels. */
  static BufferedImage view(ImageShape shape, byte[] values) {
    boolean gray = shape.channels() == 1;
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(values, shape.bytes()),
            shape.width(),
            shape.height(),
            shape.width() * shape.channels(),
            shape.channels(),
            gray ? new int[] {0} : new int[] {0, 1, 2},
            null);
    ComponentColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(gray ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB),
            false,
            false,
            Transparency.OPAQUE,
            DataBuffer.TYPE_BYTE);
    return new BufferedImage(colors, raster, false, null);
  }

  private static boolean isWhole(BufferedImage image) {
    return image.getRaster().getParent() == null
        && ((DataBufferByte) image.getRaster().getDataBuffer()).getData().length
            == image.getWidth() * image.getHeight() * 3;
  }

  private static Pixels fromBgr(BufferedImage image) {
    byte[] data = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    byte[] values = new byte[data.length];
    swapRedAndBlue(data, values);
    return new Pixels(new ImageShape(image.getHeight(), image.getWidth(), 3), values);
  }

  private static void swapRedAndBlue(byte[] from, byte[] to) {
    for (int i = 0; i < from.length; i += 3) {
      to[i] = from[i + 2];
      to[i + 1] = from[i + 1];
      to[i + 2] = from[i];
    }
  }

  private static Pixels fromComponents(
      Raster raster, int channels, int excessBits, boolean hasAlpha) {
    ImageShape shape = new ImageShape(raster.getHeight(), raster.getWidth(), channels);
    byte[] values = new byte[shape.bytes()];
    int bands = raster.getNumBands();
    int[] row = new int[shape.width() * bands];
    int out = 0;
    for (int y = 0; y < shape.height(); y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, shape.width(), 1, row);
      for (int x = 0; x < shape.width(); x++) {
        int alpha = hasAlpha ? row[x * bands + bands - 1] >> excessBits : 255;
        for (int channel = 0; channel < channels; channel++) {
          values[out++] = overWhite(row[x * bands + channel] >> excessBits, alpha);
        }
      }
    }
    return new Pixels(shape, values);
  }

  /** Palettes, packed pixels and colour spaces that only Java can convert. */
  private static Pixels fromColors(BufferedImage image) {
    ImageShape shape = new ImageShape(image.getHeight(), image.getWidth(), 3);
    byte[] values = new byte[shape.bytes()];
    int[] row = new int[shape.width()];
    int out = 0;
    for (int y = 0; y < shape.height(); y++) {
      image.getRGB(0, y, shape.width(), 1, row, 0, shape.width());
      for (int color : row) {
        int alpha = color >>> 24;
        values[out++] = overWhite(color >> 16 & 0xFF, alpha);
        values[out++] = overWhite(color >> 8 & 0xFF, alpha);
        values[out++] = overWhite(color & 0xFF, alpha);
      }
    }
    return new Pixels(shape, values);
  }

  /** A value laid over white, with an opacity of 0 to 255. */
  static byte overWhite(int value, int alpha) {
    return (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}
