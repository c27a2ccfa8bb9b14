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
  },
  PNG("png") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n');
    }
  },
  GIF("gif") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 'G', 'I', 'F', '8', '7', 'a')
          || startsWith(file, 'G', 'I', 'F', '8', '9', 'a');
    }
  },
  BMP("bmp dib") {
    @Override
    boolean startsIn(byte[] file) {
      return startsWith(file, 'B', 'M');
    }
  };

  /** Separated by spaces. */
  private final String extensions;

  ImageFormat(String extensions) {
    this.extensions = extensions;
  }

  abstract boolean startsIn(byte[] file);

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
