// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import io.stoker.base.library.NativeLibraries;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.leptonica.PIX;
import org.bytedeco.leptonica.global.leptonica;

/**
 * Decodes JPEG files, also at a half, a quarter or an eighth of their size, and encodes them:
 * libjpeg-turbo, which Leptonica has inside. At a fraction, it transforms as many coefficients of
 * each block as the smaller block has pixels. It computes in integers, with the same result on each
 * processor, and at full size with that of {@link PlainJpeg}.
 */
final class JpegTurbo {
  private static final int ALL_COLORS = 0;
  private static final int NO_HINT = 0;
  private static final int SILENT = 6;
  private static final int BASELINE = 0;

  /** Where a file has the second number of JFIF's version, and what Java writes there: 1.02. */
  private static final int MINOR_VERSION = 12;

  private static final byte JAVAS_MINOR_VERSION = 2;

  /** Images with more are left to Java: their pixels would be in memory a second time. */
  private static final long MOST_PIXELS = 4_000_000;

  /** Per quality, whether {@link PlainJpeg} writes the same bytes. */
  private static final Map<Integer, Boolean> LIKE_JAVA = new ConcurrentHashMap<>();

  /** The library, which is unpacked from its jar when the first such file turns up. */
  private static final class Leptonica {
    static {
      leptonica.setMsgSeverity(SILENT);
    }

    /** The caller destroys the picture, and owns no other native memory. */
    static PIX read(byte[] file, int reduction, int[] warnings) {
      return leptonica.pixReadMemJpeg(file, file.length, ALL_COLORS, reduction, warnings, NO_HINT);
    }

    /** The caller destroys the picture. */
    static PIX create(int width, int height, int bits) {
      return leptonica.pixCreate(width, height, bits);
    }
  }

  /** Whether it takes less time than {@link PlainJpeg}, and can be loaded. */
  private static final class Faster {
    static final boolean THAN_JAVA =
        !usesLibraryOfSystem(Path.of(System.getProperty("java.home"), "lib")) && isLoaded();

    private static boolean isLoaded() {
      try {
        NativeLibraries.verify("org/bytedeco");
        leptonica.pixDestroy(Leptonica.create(1, 1, Byte.SIZE));
        return true;
      } catch (LinkageError | ResourceException e) {
        return false; // Java has the same pixels.
      }
    }
  }

  private JpegTurbo() {}

  /**
   * Whether Java's own codec is that of the system, which mostly is libjpeg-turbo too, and not
   * libjpeg 6b, which has no vector instructions.
   *
   * @param libraries Java's folder of native libraries
   */
  static boolean usesLibraryOfSystem(Path libraries) {
    try {
      byte[] codec = Files.readAllBytes(libraries.resolve(System.mapLibraryName("javajpeg")));
      return new String(codec, StandardCharsets.ISO_8859_1).contains("libjpeg.so");
    } catch (IOException e) {
      return true; // A Java of another kind, about which nothing is known.
    }
  }

  /** Whether an image at its full size is decoded in less time than by {@link PlainJpeg}. */
  static boolean decodesFaster(ImageShape shape) {
    return shape.area() <= MOST_PIXELS && Faster.THAN_JAVA;
  }

  /**
   * Whether an image is encoded in less time than by {@link PlainJpeg}, to the same bytes. They
   * differ where the two round a step of quantization to other sides, at a third of all qualities.
   */
  static boolean encodesFaster(ImageShape shape, int quality) {
    return decodesFaster(shape) && LIKE_JAVA.computeIfAbsent(quality, JpegTurbo::encodesLikeJava);
  }

  /** A file's first part has all steps of quantization, whatever the picture is. */
  static boolean encodesLikeJava(int quality) {
    Pixels black = new Pixels(new ImageShape(1, 1, 3), new byte[3]);
    return Arrays.equals(encode(black, quality), PlainJpeg.encode(black, quality));
  }

  /**
   * Decodes a file whose frame is {@linkplain JpegFrame usual}.
   *
   * @param reduction what both sides are divided by: 1, 2, 4 or 8
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
      leptonica.pixDestroy(picture);
    }
  }

  /**
   * Makes sure that it is for want of a library that none was loaded: a machine whose disk is full
   * would else reject images that others read.
   *
   * @param platform in JavaCPP's words, such as linux-x86_64
   */
  static void requireNoLibrary(String platform, LinkageError failure) {
    String name = System.mapLibraryName("jnileptonica");
    if (leptonica.class.getResource("/org/bytedeco/leptonica/" + platform + "/" + name) != null) {
      throw new ResourceException(
          "Cannot load the library that decodes large JPEG files, which is unpacked in "
              + System.getProperty("org.bytedeco.javacpp.cachedir")
              + " (is its disk full, or mounted with noexec? --exact-pixels does without it)",
          failure);
    }
  }

  /** Each row is padded to whole words of 32 bits, whose highest byte is the first. */
  private static Pixels pixels(PIX picture) {
    boolean grey = picture.d() == Byte.SIZE;
    ImageShape shape = new ImageShape(picture.h(), picture.w(), grey ? 1 : 3);
    byte[] values = new byte[shape.bytes()];
    int[] words = new int[picture.wpl()];
    IntPointer data = picture.data();
    for (int y = 0; y < shape.height(); y++) {
      data.position((long) y * words.length).get(words);
      int out = y * shape.width() * shape.channels();
      for (int x = 0; x < shape.width(); x++, out += shape.channels()) {
        if (grey) {
          values[out] = (byte) (words[x / 4] >> (24 - x % 4 * 8));
        } else if (out + Integer.BYTES <= values.length) { // The next pixel replaces the fourth.
          Scaling.WORD.set(values, out, Integer.reverseBytes(words[x]));
        } else {
          values[out] = (byte) (words[x] >> 24);
          values[out + 1] = (byte) (words[x] >> 16);
          values[out + 2] = (byte) (words[x] >> 8);
        }
      }
    }
    return new Pixels(shape, values);
  }

  /** Encodes as baseline JPEG of a quality of 1 to 100. The library must have been loaded. */
  static byte[] encode(Pixels pixels, int quality) {
    PIX picture = picture(pixels);
    try (BytePointer file = new BytePointer((Pointer) null);
        SizeTPointer length = new SizeTPointer(1)) {
      if (leptonica.pixWriteMemJpeg(file, length, picture, quality, BASELINE) != 0) {
        throw new ResourceException("Cannot encode an image of " + pixels.shape() + " as JPEG");
      }
      byte[] bytes = new byte[Math.toIntExact(length.get())];
      file.get(bytes);
      leptonica.lept_free(file);
      bytes[MINOR_VERSION] = JAVAS_MINOR_VERSION;
      return bytes;
    } finally {
      leptonica.pixDestroy(picture);
    }
  }

  /** The opposite of {@link #pixels}. The caller destroys it. */
  private static PIX picture(Pixels pixels) {
    ImageShape shape = pixels.shape();
    boolean grey = shape.channels() == 1;
    PIX picture = Leptonica.create(shape.width(), shape.height(), grey ? Byte.SIZE : Integer.SIZE);
    byte[] values = pixels.values();
    int[] words = new int[picture.wpl()];
    IntPointer data = picture.data();
    int in = 0;
    for (int y = 0; y < shape.height(); y++) {
      if (grey) {
        Arrays.fill(words, 0);
      }
      for (int x = 0; x < shape.width(); x++) {
        if (grey) {
          words[x / 4] |= (values[in++] & 0xFF) << (24 - x % 4 * 8);
        } else {
          words[x] =
              values[in] << 24 | (values[in + 1] & 0xFF) << 16 | (values[in + 2] & 0xFF) << 8;
          in += 3;
        }
      }
      data.position((long) y * words.length).put(words);
    }
    return picture;
  }
}
