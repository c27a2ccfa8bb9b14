// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Decodes JPEG as shards hold it (baseline JFIF, grey or YCbCr), in training: with Java's own
 * decoder, which is kept from image to image, straight into the caller's array. The pixels are
 * those of {@link ImageCodec#decode}. It belongs to one thread.
 */
final class ShardJpeg {
  private static final ThreadLocal<ShardJpeg> OF_THREAD = ThreadLocal.withInitial(ShardJpeg::new);

  private final ImageReader reader = ImageReaders.plainJpeg();
  private final ImageReadParam param = reader.getDefaultReadParam();
  private ImageShape shape;
  private byte[] target;
  private String damage;

  private ShardJpeg() {
    reader.addIIOReadWarningListener((source, warning) -> damage = warning);
  }

  /**
   * Decodes one image.
   *
   * @param source holds the file
   * @param offset where it starts
   * @param length its bytes
   * @param shape that it must have
   * @param target receives the pixels, interleaved uint8 {@code [height, width, channels]}
   * @throws UnreadableImageException if it is damaged or of another shape
   */
  static void decode(byte[] source, int offset, int length, ImageShape shape, byte[] target)
      throws UnreadableImageException {
    boolean done = false;
    try {
      OF_THREAD.get().read(source, offset, length, shape, target);
      done = true;
    } finally {
      if (!done) { // The decoder may be in any state.
        OF_THREAD.get().reader.dispose();
        OF_THREAD.remove();
      }
    }
  }

  private void read(byte[] source, int offset, int length, ImageShape wanted, byte[] pixels)
      throws UnreadableImageException {
    damage = null;
    try (ImageInputStream in = new ByteArrayImageInputStream(source, offset, length)) {
      reader.setInput(in, true, true);
      int height = reader.getHeight(0);
      int width = reader.getWidth(0);
      int channels = reader.getImageTypes(0).next().getNumBands();
      if (height != wanted.height() || width != wanted.width() || channels != wanted.channels()) {
        throw UnreadableImageException.of(
            "the image is %d x %d x %d, the manifest says %s", height, width, channels, wanted);
      }
      receiveIn(pixels, wanted);
      reader.read(0, param);
    } catch (IOException | RuntimeException e) { // The decoder throws both for damaged files.
      throw new UnreadableImageException("damaged: " + e.getMessage(), e);
    }
    if (damage != null) {
      throw new UnreadableImageException("damaged: " + damage);
    }
  }

  /** Makes an array the place where the decoder puts an image; mostly it is that of before. */
  private void receiveIn(byte[] pixels, ImageShape wanted) {
    if (target == pixels && wanted.equals(shape)) {
      return;
    }
    boolean gray = wanted.channels() == 1;
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(pixels, wanted.bytes()),
            wanted.width(),
            wanted.height(),
            wanted.width() * wanted.channels(),
            wanted.channels(),
            gray ? new int[] {0} : new int[] {0, 1, 2},
            null);
    ComponentColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(gray ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB),
            false,
            false,
            Transparency.OPAQUE,
            DataBuffer.TYPE_BYTE);
    param.setDestination(new BufferedImage(colors, raster, false, null));
    target = pixels;
    shape = wanted;
  }
}
