// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriter;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * The decoders of each format. They are chosen by name, not by what happens to be installed, so
 * that an image has the same pixels on every machine.
 */
final class ImageReaders {
  private static final ImageReaderSpi JPEG;
  private static final ImageReaderSpi PLAIN_JPEG;
  private static final ImageReaderSpi PNG;
  private static final ImageReaderSpi GIF;
  private static final ImageReaderSpi BMP;

  static {
    ImageIO.setUseCache(false);
    // Image I/O looks for plugins through the class loader of its first user, and Spark's tasks
    // have another one: this decoder is registered by hand.
    IIORegistry registry = IIORegistry.getDefaultInstance();
    if (registry.getServiceProviderByClass(JPEGImageReaderSpi.class) == null) {
      registry.registerServiceProvider(new JPEGImageReaderSpi());
    }
    JPEG = find(registry, spi -> spi instanceof JPEGImageReaderSpi);
    PLAIN_JPEG = ofJava(registry, "jpeg");
    PNG = ofJava(registry, "png");
    GIF = ofJava(registry, "gif");
    BMP = ofJava(registry, "bmp");
  }

  /** Google's library, which is unpacked from its jar when the first WebP file turns up. */
  private static final class Libwebp {
    private static final String FOLDER_PROPERTY = "com.luciad.imageio.webp.tmpdir";

    static final ImageReaderSpi READER;

    static {
      try {
        // It walks through the whole folder that it unpacks to, in search of what it left there.
        Path folder = Files.createTempDirectory("stoker-webp");
        folder.toFile().deleteOnExit();
        System.setProperty(FOLDER_PROPERTY, folder.toString());
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot unpack libwebp", e);
      }
      READER = new WebPImageReaderSpi();
    }
  }

  private ImageReaders() {}

  /** A new reader; the caller disposes of it. */
  static ImageReader of(ImageFormat format) {
    ImageReaderSpi spi =
        switch (format) {
          case JPEG -> JPEG;
          case PNG -> PNG;
          case GIF -> GIF;
          case BMP -> BMP;
          case WEBP -> Libwebp.READER;
        };
    return create(spi);
  }

  /**
   * A new reader of Java's own, which knows grey and YCbCr only, and is faster; the caller disposes
   * of it.
   */
  static ImageReader plainJpeg() {
    return create(PLAIN_JPEG);
  }

  private static ImageReader create(ImageReaderSpi spi) {
    try {
      return spi.createReaderInstance();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A new writer of Java's own; the caller disposes of it. */
  static ImageWriter jpegWriter() {
    return writer("jpeg");
  }

  /** A new writer of Java's own; the caller disposes of it. */
  static ImageWriter pngWriter() {
    return writer("png");
  }

  private static ImageWriter writer(String format) {
    Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName(format);
    while (writers.hasNext()) {
      ImageWriter writer = writers.next();
      if (isOfJava(writer.getOriginatingProvider().getPluginClassName())) {
        return writer;
      }
    }
    throw new IllegalStateException("Java has no writer of " + format);
  }

  private static ImageReaderSpi ofJava(IIORegistry registry, String format) {
    return find(
        registry,
        spi ->
            isOfJava(spi.getPluginClassName()) && List.of(spi.getFormatNames()).contains(format));
  }

  private static boolean isOfJava(String className) {
    return className.startsWith("com.sun.imageio.");
  }

  private static ImageReaderSpi find(IIORegistry registry, Predicate<ImageReaderSpi> wanted) {
    Iterator<ImageReaderSpi> all = registry.getServiceProviders(ImageReaderSpi.class, true);
    while (all.hasNext()) {
      ImageReaderSpi spi = all.next();
      if (wanted.test(spi)) {
        return spi;
      }
    }
    throw new IllegalStateException("An image decoder is missing");
  }
}
