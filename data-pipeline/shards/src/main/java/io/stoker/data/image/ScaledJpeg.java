// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import io.stoker.base.library.NativeLibraries;
import io.stoker.failure.ResourceException;
import java.util.Optional;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.leptonica.PIX;
import org.bytedeco.leptonica.global.lept;

/**
 * Decodes JPEG files at a half, a quarter or an eighth of their size: libjpeg-turbo, which
 * Leptonica has inside, transforms as many coefficients of each block as the smaller block has
 * pixels. It computes in integers, with the same result on each processor.
 */
final class ScaledJpeg {
  private static final int ALL_COLORS = 0;
  private static final int NO_HINT = 0;
  private static final int SILENT = 6;

  /** The library, which is unpacked from its jar when the first such file turns up. */
  private static final class Leptonica {
    static {
      lept.setMsgSeverity(SILENT);
    }

    /** The caller destroys the picture, and owns no other native memory. */
    static PIX read(byte[] file, int reduction, int[] warnings) {
      return lept.pixReadMemJpeg(file, file.length, ALL_COLORS, reduction, warnings, NO_HINT);
    }
  }

  private ScaledJpeg() {}

  /**
   * Decodes a file whose frame is {@linkplain JpegFrame usual}.
   *
   * @param reduction what both sides are divided by: 2, 4 or 8
   * @return empty if the decoder refuses the file or warns of damage
   * @throws UnreadableImageException if there is no library for this platform
   * @throws ResourceException if there is one, and this machine cannot load it
   */
  static Optional<Pixels> decode(byte[] file, int reduction) throws UnreadableImageException {
    NativeLibraries.verify("org/bytedeco"); // A failure is one of the machine, not of the file.
    int[] warnings = new int[1];
    PIX picture;
    try {
      picture = Leptonica.read(file, reduction, warnings);
    } catch (LinkageError e) {
      requireNoLibrary(Loader.getPlatform(), e);
      throw new UnreadableImageException(
          "no decoder of JPEG at a fraction of its size on this platform (--exact-pixels decodes it"
              + " in full)",
          e);
    }
    if (picture == null) {
      return Optional.empty();
    }
    try {
      return warnings[0] == 0 ? Optional.of(pixels(picture)) : Optional.empty();
    } finally {
      lept.pixDestroy(picture);
    }
  }

  /**
   * Makes sure that it is for want of a library that none was loaded: a machine whose disk is full
   * would else reject images that others read.
   *
   * @param platform in JavaCPP's words, such as linux-x86_64
   */
  static void requireNoLibrary(String platform, LinkageError failure) {
    String name = System.mapLibraryName("jnilept");
    if (lept.class.getResource("/org/bytedeco/leptonica/" + platform + "/" + name) != null) {
      throw new ResourceException(
          "Cannot load the library that decodes large JPEG files, which is unpacked in "
              + System.getProperty("org.bytedeco.javacpp.cachedir")
              + " (is its disk full, or mounted with noexec? --exact-pixels does without it)",
          failure);
    }
  }

  /** Each row is padded to whole words of 32 bits, whose highest byte is the first. */
  private static Pixels pixels(PIX picture) {
    int channels = picture.d() == 8 ? 1 : 3;
    ImageShape shape = new ImageShape(picture.h(), picture.w(), channels);
    byte[] values = new byte[shape.bytes()];
    int[] words = new int[picture.wpl()];
    IntPointer data = picture.data();
    int out = 0;
    for (int y = 0; y < shape.height(); y++) {
      data.position((long) y * words.length).get(words);
      for (int x = 0; x < shape.width(); x++) {
        if (channels == 1) {
          values[out++] = (byte) (words[x / 4] >> (24 - x % 4 * 8));
        } else {
          values[out++] = (byte) (words[x] >> 24);
          values[out++] = (byte) (words[x] >> 16);
          values[out++] = (byte) (words[x] >> 8);
        }
      }
    }
    return new Pixels(shape, values);
  }
}
