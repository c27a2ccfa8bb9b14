// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Decodes and encodes JPEG files of the {@linkplain JpegFrame usual} kinds with Java's own codec,
 * which is kept from image to image, straight from and into arrays. The pixels are those of the
 * decoder that knows all kinds. It belongs to one thread.
 */
final class PlainJpeg {
  private static final ThreadLocal<PlainJpeg> OF_THREAD = ThreadLocal.withInitial(PlainJpeg::new);

  private final ImageReader reader = ImageReaders.plainJpeg();
  private final ImageReadParam readParam = reader.getDefaultReadParam();
  private final ImageWriter writer = ImageReaders.jpegWriter();
  private final ImageWriteParam writeParam = writer.getDefaultWriteParam();
  private ImageShape shape;
  private byte[] target;
  private String damage;

  private PlainJpeg() {
    reader.addIIOReadWarningListener((source, warning) -> damage = warning);
    writeParam.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
  }

  /** What is done with the codec of this thread. */
  private interface Action<E extends Exception> {
    void run(PlainJpeg codec) throws E;
  }

  private static <E extends Exception> void withCodec(Action<E> action) throws E {
    boolean done = false;
    try {
      action.run(OF_THREAD.get());
      done = true;
    } finally {
      if (!done) { // The codec may be in any state.
        OF_THREAD.get().reader.dispose();
        OF_THREAD.get().writer.dispose();
        OF_THREAD.remove();
      }
    }
  }

  /**
   * Decodes a file of a usual kind.
   *
   * @param shape what its header says
   * @return empty if the decoder refuses it or warns of something
   */
  static Optional<Pixels> decode(byte[] file, ImageShape shape) {
    byte[] pixels = new byte[shape.bytes()];
    try {
      withCodec(
          codec -> {
            codec.read(file, 0, file.length, shape, pixels);
            codec.forget();
          });
    } catch (UnreadableImageException e) {
      return Optional.empty();
    }
    return Optional.of(new Pixels(shape, pixels));
  }

  /**
   * Decodes an image as shards hold it (baseline JFIF, grey or YCbCr). The thread's decoder keeps
   * {@code target} until its next image, which in training mostly has the same place.
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
    withCodec(codec -> codec.read(source, offset, length, shape, target));
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
      reader.read(0, readParam);
    } catch (IOException | RuntimeException e) { // The decoder throws both for damaged files.
      throw new UnreadableImageException("damaged: " + e.getMessage(), e);
    }
    if (damage != null) {
      throw new UnreadableImageException("damaged: " + damage);
    }
  }

  /** Makes an array the place where the decoder puts an image; mostly it is that of before. */
  private void receiveIn(byte[] pixels, ImageShape wanted) {
    if (target != pixels || !wanted.equals(shape)) {
      readParam.setDestination(Rasters.view(wanted, pixels));
      target = pixels;
      shape = wanted;
    }
  }

  /** Drops the image, which may be large. */
  private void forget() {
    reader.setInput(null);
    readParam.setDestination(null);
    target = null;
  }

  /** Encodes as baseline JPEG of a quality of 1 to 100. */
  static byte[] encode(Pixels pixels, int quality) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(pixels.values().length / 4 + 1024);
    withCodec(codec -> codec.write(Rasters.view(pixels.shape(), pixels.values()), quality, bytes));
    return bytes.toByteArray();
  }

  private void write(BufferedImage image, int quality, ByteArrayOutputStream bytes) {
    writeParam.setCompressionQuality(quality / 100f);
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), writeParam);
      writer.setOutput(null);
    } catch (IOException e) { // There is no device underneath that could fail.
      throw new UncheckedIOException(e);
    }
  }
}
