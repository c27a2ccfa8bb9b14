package io.stoker.data.image;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The image file formats that Stoker reads, told apart by their first bytes. */
enum ImageFormat {
  JPEG("jpg jpeg jpe jfif") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 0xFF, 0xD8, 0xFF);
    }

    @Override
    ImageHeader check(byte[] file, long maximumPixels) throws UnreadableImageException {
      return JpegStructure.check(file);
    }
  },
  PNG("png") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n');
    }

    @Override
    ImageHeader check(byte[] file, long maximumPixels) throws UnreadableImageException {
      return PngStructure.check(file);
    }
  },
  GIF("gif") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 'G', 'I', 'F', '8', '7', 'a')
          || startsWith(file, 'G', 'I', 'F', '8', '9', 'a');
    }

    @Override
    ImageHeader check(byte[] file, long maximumPixels) throws UnreadableImageException {
      return GifStructure.check(file, maximumPixels);
    }
  },
  BMP("bmp dib") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 'B', 'M');
    }

    @Override
    ImageHeader check(byte[] file, long maximumPixels) throws UnreadableImageException {
      return BmpStructure.check(file, maximumPixels);
    }
  },
  WEBP("webp") {
    @Override
    boolean startsIn(byte[] file) {
      return file.length >= 12
          && startsWith(file, 'R', 'I', 'F', 'F')
          && startsWith(Arrays.copyOfRange(file, 8, 12), 'W', 'E', 'B', 'P');
    }

    @Override
    ImageHeader check(byte[] file, long maximumPixels) throws UnreadableImageException {
      return WebpStructure.check(file, maximumPixels);
    }

    @Override
    byte[] firstPicture(byte[] file) {
      return WebpStructure.firstPicture(file);
    }
  };

  /** Separated by spaces. */
  private final String extensions;

  ImageFormat(String extensions) {
    this.extensions = extensions;
  }

  abstract boolean startsIn(byte[] file);

  /**
   * Checks a file from its first to its last byte without decoding it. Decoders make the best of
   * files that are cut or damaged: half a picture and half grey.
   *
   * @param maximumPixels where a check that looks at pixels may stop
   * @throws UnreadableImageException if the file ends early, a checksum is wrong, or what it says
   *     contradicts itself
   */
  abstract ImageHeader check(byte[] file, long maximumPixels) throws UnreadableImageException;

  /** A file of the first picture alone, of a file that was checked, as the decoder wants it. */
  byte[] firstPicture(byte[] file) {
    return file;
  }

  /** The format of a file's bytes. */
  static Optional<ImageFormat> of(byte[] file) {
    return Arrays.stream(values()).filter(format -> format.startsIn(file)).findFirst();
  }

  /** Whether a file's name is that of an image: by its extension, or because it has none. */
  static boolean isImageName(String fileName) {
    int dot = fileName.lastIndexOf('.');
    String extension = fileName.substring(dot + 1).toLowerCase(Locale.ROOT);
    return dot < 0
        || Arrays.stream(values())
            .anyMatch(format -> List.of(format.extensions.split(" ")).contains(extension));
  }

  private static boolean startsWith(byte[] file, int... prefix) {
    if (file.length < prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if ((file[i] & 0xFF) != prefix[i]) {
        return false;
      }
    }
    return true;
  }
}
