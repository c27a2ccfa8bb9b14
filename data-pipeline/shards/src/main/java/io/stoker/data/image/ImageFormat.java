// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.nio.charset.StandardCharsets;
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

  /** What a file is that is of no format which is read, in words. */
  static String describeOther(byte[] file) {
    String other = other(file);
    return other.isEmpty()
        ? "not an image: its first bytes are not those of JPEG, PNG, GIF, BMP or WebP"
        : "not an image that is read: " + other + " (JPEG, PNG, GIF, BMP and WebP are read)";
  }

  private static String other(byte[] file) {
    String text = new String(file, 0, Math.min(file.length, 64), StandardCharsets.ISO_8859_1);
    String lower = text.stripLeading().toLowerCase(Locale.ROOT);
    if (text.startsWith("II*\0") || text.startsWith("MM\0*")) {
      return "a TIFF file";
    } else if (text.startsWith("ftyp", 4)) {
      return text.startsWith("avi", 8) ? "an AVIF file" : "a HEIC, AVIF or MP4 file";
    } else if (text.startsWith("JXL ", 4) || startsWith(file, 0xFF, 0x0A)) {
      return "a JPEG XL file";
    } else if (text.startsWith("jP  ", 4)) {
      return "a JPEG 2000 file";
    } else if (text.startsWith("8BPS")) {
      return "a Photoshop file";
    } else if (startsWith(file, 0, 0, 1, 0)) {
      return "an icon file";
    } else if (text.startsWith("%PDF")) {
      return "a PDF file";
    } else if (lower.startsWith("<!doctype html") || lower.startsWith("<html")) {
      return "an HTML page";
    } else if (lower.startsWith("<svg") || lower.startsWith("<?xml")) {
      return "an SVG or XML file";
    } else if (text.startsWith("version https://git-lfs")) {
      return "a pointer of Git LFS (fetch the file with 'git lfs pull')";
    }
    return text.startsWith("PK\3\4") ? "a ZIP file" : "";
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
