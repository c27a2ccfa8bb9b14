// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.IIOImage;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriter;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Decodes image files of any format that Stoker reads (JPEG, PNG, GIF, BMP, WebP), and encodes
 * those of its shards. Of an animation the first frame is taken; transparent pixels are laid over
 * white; the orientation of EXIF data is applied.
 */
public final class ImageCodec {
  /** The most pixels of an image, unless said otherwise: in memory, 200 MB at a time. */
  public static final long DEFAULT_MAXIMUM_PIXELS = 64_000_000;

  /** No limit is higher: the pixels of an image are one array. */
  private static final long LARGEST_PIXELS = ImageShape.MAXIMUM_BYTES / 3;

  /**
   * What is done with the pixels of an image.
   *
   * @param <T> what comes of it
   */
  public interface Use<T> {
    /**
     * Uses the image.
     *
     * @throws UnreadableImageException if they are not what is wanted
     */
    T of(DecodedImage image) throws UnreadableImageException;
  }

  private ImageCodec() {}

  /** Whether a file's name is that of an image: by its extension, or because it has none. */
  public static boolean isImageName(String fileName) {
    return ImageFormat.isImageName(fileName);
  }

  /**
   * Decodes an image file.
   *
   * @param file its bytes
   * @param maximumPixels an image whose header says more is refused before memory is taken
   * @return 1 channel for a grey image, else 3
   * @throws UnreadableImageException if it is not an image of these formats, or is damaged,
   *     truncated or too large
   */
  public static Pixels decode(byte[] file, long maximumPixels) throws UnreadableImageException {
    return decode(file, maximumPixels, LeastSize.ALL, DecodedImage::pixels);
  }

  /**
   * Decodes an image file, and does something with its pixels while the memory for them is set
   * aside: tasks that decode large images at the same time would else exhaust the heap together. A
   * JPEG file that is much larger than is needed is decoded at a half, a quarter or an eighth of
   * its size.
   *
   * @param file its bytes
   * @param maximumPixels an image whose header says more is refused before memory is taken
   * @param least the size that the pixels will be resized to
   * @param use is given 1 channel for a grey image, else 3; it may be called a second time, after
   *     the memory did not suffice
   * @throws UnreadableImageException if it is not an image of these formats, or is damaged,
   *     truncated or too large
   */
  public static <T> T decode(byte[] file, long maximumPixels, LeastSize least, Use<T> use)
      throws UnreadableImageException {
    if (file.length == 0) {
      throw new UnreadableImageException("empty file");
    }
    ImageFormat format =
        ImageFormat.of(file)
            .orElseThrow(() -> new UnreadableImageException(ImageFormat.describeOther(file)));
    long limit = Math.min(maximumPixels, LARGEST_PIXELS);
    ImageHeader header = check(format, file, limit);
    Optional<JpegFrame> frame =
        format == ImageFormat.JPEG ? JpegFrame.usual(file) : Optional.empty();
    if (frame.isPresent()) {
      Optional<Used<T>> scaled = decodeScaled(file, header, frame.get(), least, use);
      if (scaled.isPresent()) {
        return scaled.get().value();
      }
    }
    return DecodingBudget.within(
        header.height() * header.width(),
        () -> {
          Optional<Pixels> usual =
              frame.isPresent() ? decodeUsual(file, header, frame.get()) : Optional.empty();
          Pixels pixels = usual.isPresent() ? usual.get() : decodeAny(format, file, header, limit);
          return use.of(DecodedImage.whole(ExifOrientation.upright(pixels, header.orientation())));
        });
  }

  /** The pixels as they are stored; empty if the decoder that knows all kinds is to decide. */
  private static Optional<Pixels> decodeUsual(byte[] file, ImageHeader header, JpegFrame frame)
      throws UnreadableImageException {
    if (frame.hasProfile()) {
      return Optional.empty();
    }
    ImageShape shape =
        new ImageShape(
            Math.toIntExact(header.height()), Math.toIntExact(header.width()), frame.channels());
    return JpegTurbo.decodesFaster(shape)
        ? JpegTurbo.decode(file, 1)
        : PlainJpeg.decode(file, shape);
  }

  /** The pixels as they are stored, on their canvas. */
  private static Pixels decodeAny(ImageFormat format, byte[] file, ImageHeader header, long limit)
      throws UnreadableImageException {
    byte[] picture = format.firstPicture(file);
    return header.onCanvas(read(format, picture, 0, picture.length, limit));
  }

  /**
   * What is used of the pixels at a fraction of their size; empty if the file is decoded in full.
   */
  private static <T> Optional<Used<T>> decodeScaled(
      byte[] file, ImageHeader header, JpegFrame frame, LeastSize least, Use<T> use)
      throws UnreadableImageException {
    int reduction = least.reduction(header.uprightHeight(), header.uprightWidth());
    if (reduction == 1) {
      return Optional.empty();
    }
    return DecodingBudget.within(
        frame.pixelsHeld(header, reduction),
        () -> {
          Optional<Pixels> pixels = JpegTurbo.decode(file, reduction).flatMap(frame::toSrgb);
          if (pixels.isEmpty()) {
            return Optional.empty();
          }
          Pixels upright = ExifOrientation.upright(pixels.get(), header.orientation());
          Extent extent = Extent.reduced(upright.shape(), header, reduction);
          return Optional.of(new Used<>(use.of(new DecodedImage(upright, extent))));
        });
  }

  /** What came of a use, perhaps null. */
  private record Used<T>(T value) {}

  private static ImageHeader check(ImageFormat format, byte[] file, long maximumPixels)
      throws UnreadableImageException {
    try {
      ImageHeader header = format.check(file, maximumPixels);
      header.check(maximumPixels);
      return header;
    } catch (RuntimeException e) { // Numbers that contradict each other in a way of their own.
      throw new UnreadableImageException("damaged " + format + ": " + reason(e), e);
    }
  }

  /**
   * Decodes an image of a known shape, as the shards hold them.
   *
   * @param source holds the file
   * @param offset where it starts
   * @param length its bytes
   * @param shape that it must have
   * @param target receives the pixels, interleaved uint8 {@code [height, width, channels]}
   * @throws UnreadableImageException if it is damaged or of another shape
   */
  public static void decodeInto(
      byte[] source, int offset, int length, ImageShape shape, byte[] target)
      throws UnreadableImageException {
    if (length > 0 && source[offset] == (byte) 0xFF) {
      PlainJpeg.decode(source, offset, length, shape, target);
      return;
    }
    Pixels pixels = read(ImageFormat.PNG, source, offset, length, shape.area());
    if (!pixels.shape().equals(shape)) {
      throw new UnreadableImageException(
          "the image is " + pixels.shape() + ", the manifest says " + shape);
    }
    System.arraycopy(pixels.values(), 0, target, 0, shape.bytes());
  }

  /** Encodes as baseline JPEG of a quality of 1 to 100. */
  public static byte[] encodeJpeg(Pixels pixels, int quality) {
    return JpegTurbo.encodesFaster(pixels.shape(), quality)
        ? JpegTurbo.encode(pixels, quality)
        : PlainJpeg.encode(pixels, quality);
  }

  /** Encodes as PNG. */
  public static byte[] encodePng(Pixels pixels) {
    ImageWriter writer = ImageReaders.pngWriter();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(pixels.values().length / 4 + 1024);
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(
          null, new IIOImage(Rasters.toImage(pixels), null, null), writer.getDefaultWriteParam());
    } catch (IOException e) { // There is no device underneath that could fail.
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static Pixels read(
      ImageFormat format, byte[] source, int offset, int length, long maximumPixels)
      throws UnreadableImageException {
    if (format == ImageFormat.PNG) {
      Optional<Pixels> plain = PlainPng.decode(source, offset, length, maximumPixels);
      if (plain.isPresent()) {
        return plain.get();
      }
    }
    return readWithJava(format, source, offset, length, maximumPixels);
  }

  /** Decodes with a plugin of Java's Image I/O. */
  static Pixels readWithJava(
      ImageFormat format, byte[] source, int offset, int length, long maximumPixels)
      throws UnreadableImageException {
    ImageReader reader = ImageReaders.of(format);
    AtomicReference<String> damage = new AtomicReference<>();
    try (ImageInputStream in = new ByteArrayImageInputStream(source, offset, length)) {
      reader.setInput(in, true, true);
      long height = reader.getHeight(0);
      long width = reader.getWidth(0);
      ImageHeader.checkSize(height, width, maximumPixels);
      reader.addIIOReadWarningListener(damageListener(damage));
      BufferedImage image = reader.read(0, new ImageReadParam());
      if (damage.get() != null) {
        throw new UnreadableImageException("damaged: " + damage.get());
      }
      return Rasters.toPixels(image);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      // Readers throw all of these for damaged files.
      throw new UnreadableImageException("damaged: " + reason(e), e);
    } catch (OutOfMemoryError e) {
      // Java's own says of what; libwebp's is bare, and is what it finds in codes that make no
      // sense.
      if (e.getMessage() != null) {
        throw e;
      }
      throw new UnreadableImageException("damaged: codes that make no sense", e);
    } catch (LinkageError e) {
      throw new UnreadableImageException("no decoder of " + format + " on this platform", e);
    } finally {
      reader.dispose();
    }
  }

  /** Notes the warnings of decoders that filled in for missing or wrong data. */
  private static IIOReadWarningListener damageListener(AtomicReference<String> damage) {
    return (reader, warning) -> {
      if (HARMLESS.stream().noneMatch(warning::contains)) {
        damage.compareAndSet(null, warning);
      }
    };
  }

  /** What decoders say of files whose picture is whole. */
  private static final List<String> HARMLESS =
      List.of("extraneous bytes before marker", "metadata", "profile", "Profile", "JFIF", "Exif");

  private static String reason(Throwable e) {
    if (e instanceof IOException) {
      return e.getMessage() == null ? "its decoder gives no reason" : e.getMessage();
    }
    return "its decoder fails ("
        + e.getClass().getSimpleName()
        + (e.getMessage() == null ? "" : ": " + e.getMessage())
        + ")";
  }
}
