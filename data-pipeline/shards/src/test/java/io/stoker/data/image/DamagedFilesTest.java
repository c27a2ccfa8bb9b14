// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import io.stoker.data.TestImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that a file holds makes the decoder crash, hang, run out of memory or show half. */
@Tag("slow")
class DamagedFilesTest {
  private static final int FLIPS = 60;
  private static final int RUNS = 20;

  /** More than any of the files has, little enough that what a flipped bit asks for is small. */
  private static final long LIMIT = 100_000;

  static List<String> names() throws IOException {
    return TestImages.realFiles().keySet().stream().toList();
  }

  private static byte[] file(String name) throws IOException {
    return TestImages.realFiles().get(name);
  }

  /** The first image of each format loads its decoder, which takes more memory than a header. */
  @BeforeAll
  static void loadClasses() throws IOException {
    for (byte[] file : TestImages.realFiles().values()) {
      decoded(file);
    }
  }

  /** The pixels, or nothing if the file was refused with a reason. */
  private static Optional<Pixels> decoded(byte[] file) {
    return assertTimeoutPreemptively(
        Duration.ofMinutes(2),
        () -> {
          try {
            Pixels pixels = ImageCodec.decode(file, LIMIT);
            assertThat(pixels.values()).isEqualTo(decodedByAnyDecoder(file).values());
            assertThat(decodedScaled(file)).as("at a fraction of its size").isEmpty();
            assertThat(decodedByScaledDecoder(file).orElse(pixels).values())
                .isEqualTo(pixels.values());
            return Optional.of(pixels);
          } catch (UnreadableImageException e) {
            assertThat(e.getMessage()).isNotBlank();
            assertThat(decodedScaled(file)).hasValue(e.getMessage());
            return Optional.empty();
          }
        });
  }

  /** The pixels of a JPEG file that the decoder of all its kinds finds; those of other formats. */
  private static Pixels decodedByAnyDecoder(byte[] file) throws UnreadableImageException {
    if (!ImageFormat.of(file).equals(Optional.of(ImageFormat.JPEG))) {
      return ImageCodec.decode(file, LIMIT);
    }
    return ExifOrientation.upright(
        ImageCodec.readWithJava(ImageFormat.JPEG, file, 0, file.length, LIMIT),
        JpegStructure.check(file).orientation());
  }

  /**
   * The pixels that the scaled decoder finds at the file's own size, if it takes the file; with a
   * colour profile the decoders round differently.
   */
  private static Optional<Pixels> decodedByScaledDecoder(byte[] file)
      throws UnreadableImageException {
    boolean jpeg = ImageFormat.of(file).equals(Optional.of(ImageFormat.JPEG));
    if (!jpeg || JpegFrame.usual(file).filter(frame -> !frame.hasProfile()).isEmpty()) {
      return Optional.empty();
    }
    int orientation = JpegStructure.check(file).orientation();
    return JpegTurbo.decode(file, 1).map(stored -> ExifOrientation.upright(stored, orientation));
  }

  /** Why a file was refused of which an eighth of each side suffices, if it was. */
  private static Optional<String> decodedScaled(byte[] file) {
    try {
      ImageCodec.decode(file, LIMIT, new LeastSize(1, 1), DecodedImage::pixels);
      return Optional.empty();
    } catch (UnreadableImageException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** A file that is cut shows all or nothing: what follows its picture may be missing. */
  @ParameterizedTest
  @MethodSource("names")
  void showsAllOfATruncatedFileOrRefusesIt(String name) throws Exception {
    byte[] file = file(name);
    Pixels whole = ImageCodec.decode(file, LIMIT);
    int step = Math.max(1, file.length / 80);
    for (int length = 0; length < file.length; length += length > file.length - 20 ? 1 : step) {
      Optional<Pixels> cut = decoded(Arrays.copyOf(file, length));
      if (cut.isPresent()) {
        assertThat(cut.get().values())
            .as("%d of %d bytes", length, file.length)
            .isEqualTo(whole.values());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void decodesDamagedFilesOrRefusesThem(String name) throws Exception {
    byte[] file = file(name);
    Pixels whole = ImageCodec.decode(file, LIMIT);
    SplittableRandom random = new SplittableRandom(name.hashCode());
    for (int i = 0; i < FLIPS + RUNS; i++) {
      byte[] damaged = file.clone();
      if (i < FLIPS) {
        // Half of the damage hits the headers, which are where a decoder can be led astray.
        int at = random.nextInt(i % 2 == 0 ? file.length : Math.min(200, file.length));
        damaged[at] ^= (byte) (1 << random.nextInt(8));
      } else {
        int start = random.nextInt(file.length);
        int end = Math.min(file.length, start + 1 + random.nextInt(64));
        Arrays.fill(damaged, start, end, (byte) (i % 2 == 0 ? 0 : random.nextInt(256)));
      }
      Optional<Pixels> pixels = decoded(damaged);
      if (pixels.isPresent() && name.endsWith(".png")) {
        assertThat(pixels.get().values())
            .as("PNG has checksums for all that matters")
            .isEqualTo(whole.values());
      }
    }
  }

  /** Java's colour management is native code, and is given what a file has. */
  @Test
  void aDamagedColourProfileLosesNoPicture() throws Exception {
    byte[] profile = TestImages.displayP3();
    byte[] file = TestImages.withProfile(file("baseline-420.jpg"), profile, 1);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 10 * FLIPS; i++) {
      byte[] damaged = file.clone();
      int at = 20 + random.nextInt(i % 2 == 0 ? profile.length : 400);
      damaged[at] = (byte) random.nextInt(256);
      assertThat(decoded(damaged)).as("byte %d", at).isPresent();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "baseline-444.jpg, 30000 x 30000",
    "progressive.jpg, 30000 x 30000",
    "rgb.png, 30000 x 30000",
    "plain.gif, 30000 x 30000",
    "24-bit.bmp, 30000 x 30000",
    "rle-8.bmp, 30000 x 30000",
    "lossy.webp, 16383 x 16383",
    "lossless.webp, 16384 x 16384",
    "lossy-alpha.webp, 30000 x 30000"
  })
  void refusesHugeImagesFromTheirHeader(String name, String size) throws Exception {
    byte[] bomb = enlarged(name, file(name).clone());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> ImageCodec.decode(bomb, ImageCodec.DEFAULT_MAXIMUM_PIXELS))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("too large: %s pixels, the limit is 64000000", size);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
  }

  /**
   * The same file with the largest sizes in its headers, as far as 30,000, that its format can
   * tell.
   */
  private static byte[] enlarged(String name, byte[] file) {
    ByteBuffer big = ByteBuffer.wrap(file);
    ByteBuffer little = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    short side = (short) 30_000;
    switch (name.substring(name.indexOf('.') + 1)) {
      case "jpg" -> {
        int frame = find(file, name.startsWith("prog") ? "\u00FF\u00C2" : "\u00FF\u00C0");
        big.putShort(frame + 5, side).putShort(frame + 7, side);
      }
      case "png" -> {
        big.putInt(16, 30_000).putInt(20, 30_000);
        CRC32 crc = new CRC32();
        crc.update(file, 12, 17);
        big.putInt(29, (int) crc.getValue());
      }
      case "gif" -> little.putShort(6, side).putShort(8, side);
      case "bmp" -> little.putInt(18, 30_000).putInt(22, 30_000);
      default -> {
        int canvas = find(file, "VP8X");
        int picture = find(file, "VP8 ");
        if (canvas > 0) {
          little.putShort(canvas + 12, (short) 29_999).putShort(canvas + 15, (short) 29_999);
        } else if (picture > 0) {
          little.putInt(picture + 14, 0x3FFF3FFF);
        } else {
          little.putInt(find(file, "VP8L") + 9, 0x0FFFFFFF);
        }
      }
    }
    return file;
  }

  private static int find(byte[] file, String text) {
    return new String(file, StandardCharsets.ISO_8859_1).indexOf(text);
  }

  /** The canvas is small, the picture on it is not: the decoder takes memory for the picture. */
  @Test
  void refusesAPictureThatIsLargerThanItsFileSays() throws Exception {
    byte[] webp = file("lossy-alpha.webp").clone();
    ByteBuffer.wrap(webp)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(find(webp, "VP8 ") + 14, 0x3FFF3FFF);
    assertThatThrownBy(() -> ImageCodec.decode(webp, LIMIT))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("damaged WebP: a picture of 16383 x 16383 in a frame of 23 x 29");
  }

  @Test
  void refusesAJpegOfManyScans() throws Exception {
    byte[] file = file("progressive.jpg");
    int end = file.length - 2;
    int scan = new String(file, StandardCharsets.ISO_8859_1).lastIndexOf("\u00FF\u00DA");
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    bomb.write(file, 0, end);
    for (int i = 0; i < 200; i++) {
      bomb.write(file, scan, end - scan);
    }
    bomb.write(file, end, 2);
    assertThatThrownBy(() -> ImageCodec.decode(bomb.toByteArray(), LIMIT))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("damaged JPEG: more than 100 scans");
  }

  /** The checksums are right, but the compressed rows end early. */
  @Test
  void refusesAPngWithoutItsLastRows() throws Exception {
    byte[] file = file("rgb.png");
    byte[] rows = new byte[(29 * 3 + 1) * 11];
    Deflater deflater = new Deflater();
    deflater.setInput(rows);
    deflater.finish();
    byte[] compressed = new byte[2000];
    int length = deflater.deflate(compressed);
    deflater.end();
    ByteBuffer half = ByteBuffer.allocate(33 + 12 + length + 12);
    half.put(file, 0, 33).putInt(length).put("IDAT".getBytes(StandardCharsets.US_ASCII));
    half.put(compressed, 0, length);
    CRC32 crc = new CRC32();
    crc.update(half.array(), 37, 4 + length);
    half.putInt((int) crc.getValue()).put(file, file.length - 12, 12);
    assertThat(decoded(half.array())).isEmpty();
  }

  @Test
  void refusesAGifWhoseDataEndEarly() throws Exception {
    // One pixel of four, then the end of the data: codes of three bits, 4 is clear and 5 is end.
    byte[] gif =
        bytes(
            "47494638396102000200800000 000000FFFFFF 2C000000000200020000 02 02 0401 00 3B"
                .replace(" ", ""));
    gif[gif.length - 4] = (byte) (4 | 1 << 3 | (5 & 3) << 6);
    gif[gif.length - 3] = 5 >> 2;
    assertThatThrownBy(() -> ImageCodec.decode(gif, LIMIT))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("damaged GIF: its picture is not complete");
  }

  private static byte[] bytes(String hexadecimal) {
    return java.util.HexFormat.of().parseHex(hexadecimal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "png", "gif", "bmp", "webp"})
  void refusesAHeaderAndNothingElse(String extension) throws Exception {
    UnaryOperator<byte[]> start = file -> Arrays.copyOf(file, 12);
    for (String name : names()) {
      if (name.endsWith(extension)) {
        assertThat(decoded(start.apply(file(name)))).as(name).isEmpty();
      }
    }
  }
}
