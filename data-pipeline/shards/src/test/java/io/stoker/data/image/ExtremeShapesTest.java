// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of any size are decoded and resized, or refused with a reason; nothing else happens. */
@Timeout(300)
@Tag("slow")
class ExtremeShapesTest {
  private static final Map<String, String> FILES =
      Map.of(
          "jpg", "baseline-444.jpg", "gif", "plain.gif", "bmp", "24-bit.bmp", "webp", "lossy.webp");

  private static final int[] SIDES = {
    0, 1, 2, 3, 255, 16_383, 16_384, 32_767, 65_500, 65_535, 1 << 20, 1 << 24, Integer.MAX_VALUE, -1
  };

  /** What became of a file: its shape after resizing to 16 x 16, or why it was refused. */
  private static void decode(byte[] file, String what) {
    for (ImageShape target :
        new ImageShape[] {new ImageShape(16, 16, 3), new ImageShape(3, 40, 1)}) {
      try {
        Pixels pixels =
            ImageCodec.decode(
                file,
                ImageCodec.DEFAULT_MAXIMUM_PIXELS,
                Decoding.SCALED.leastFor(target),
                decoded -> decoded.fit(target));
        assertThat(pixels.shape()).as(what).isEqualTo(target);
      } catch (UnreadableImageException e) {
        assertThat(e.getMessage())
            .as(what)
            .isNotBlank()
            .doesNotContain("null", "NegativeArraySize", "OutOfMemory", "IndexOutOfBounds");
      }
    }
  }

  static Stream<String> formats() {
    return Stream.concat(FILES.keySet().stream(), Stream.of("png")).sorted();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void decodesOrRefusesHeadersOfAnySize(String format) throws IOException {
    byte[] file = format.equals("png") ? null : TestImages.realFiles().get(FILES.get(format));
    SplittableRandom random = new SplittableRandom(format.hashCode());
    List<int[]> sizes = new ArrayList<>();
    for (int side : SIDES) {
      sizes.add(new int[] {1, side});
      sizes.add(new int[] {side, 1});
      sizes.add(new int[] {side, side});
      sizes.add(new int[] {side, SIDES[random.nextInt(SIDES.length)]});
      sizes.add(new int[] {1 + random.nextInt(1 << random.nextInt(1, 31)), 1 + random.nextInt(99)});
    }
    for (int[] size : sizes) {
      String what = format + " " + size[0] + " x " + size[1];
      decode(
          file == null
              ? ExtremeImages.png(size[0], size[1])
              : ExtremeImages.withSize(file, format, size[0], size[1]),
          what);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpg"})
  void decodesLinesThatAreWhole(String format) throws Exception {
    int longest = format.equals("jpg") ? 65_500 : 65_535;
    for (int[] size : new int[][] {{1, longest}, {longest, 1}, {3, 40_000}, {40_000, 2}}) {
      BufferedImage image = TestImages.gradient(size[0], size[1], 3);
      byte[] file = TestImages.file(image, format);
      Pixels pixels = ImageCodec.decode(file, ImageCodec.DEFAULT_MAXIMUM_PIXELS);
      assertThat(pixels.shape().width()).isEqualTo(size[0]);
      assertThat(pixels.shape().height()).isEqualTo(size[1]);
      decode(file, format);
    }
  }

  /** The middle of a line, enlarged: three pixels of 20 million decide. */
  @Test
  void resizesALineInTheMemoryOfItsMiddle() {
    byte[] values = new byte[20_000_000];
    values[10_000_000] = 100;
    values[9_999_999] = 100;
    Pixels line = new Pixels(new ImageShape(20_000_000, 1, 1), values);
    Pixels square = Resizing.fit(line, new ImageShape(256, 256, 3));
    assertThat(square.values()).contains((byte) 100);
    assertThat(square.shape()).isEqualTo(new ImageShape(256, 256, 3));
    Pixels wide = new Pixels(new ImageShape(1, 20_000_000, 1), values);
    Pixels other = Resizing.fit(wide, new ImageShape(256, 256, 3));
    for (int y = 0; y < 256; y++) {
      for (int x = 0; x < 256; x++) {
        assertThat(other.values()[3 * (y * 256 + x)]).isEqualTo(square.values()[3 * (x * 256 + y)]);
      }
    }
  }

  /** However large the limit is that a user sets: an image is one array. */
  @Test
  void boundsTheLimitOfPixels() throws IOException {
    byte[] file = ExtremeImages.png(40_000, 40_000);
    assertThatThrownBy(() -> ImageCodec.decode(file, Long.MAX_VALUE))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("too large: 40000 x 40000 pixels, the limit is 357913941");
  }

  @ParameterizedTest
  @CsvSource({
    "II*, a TIFF file",
    "%PDF-1.7, a PDF file",
    "<!DOCTYPE html><html>, an HTML page",
    "<svg xmlns=x>, an SVG or XML file",
    "version https://git-lfs.github.com/spec/v1, a pointer of Git LFS",
    "xxxxftypavif, an AVIF file",
    "xxxxftypheic, 'a HEIC, AVIF or MP4 file'",
    "plain text, not an image: its first bytes are not those of"
  })
  void saysWhatAFileIsThatIsNotRead(String start, String expected) {
    byte[] file = (start + "\0\0\0\0").getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> ImageCodec.decode(file, 100))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "30, 4, 24, a BMP file with a JPEG picture in it",
    "30, 9, 24, unknown compression 9",
    "30, 1, 24, '24 bits a pixel, run-length encoded in 8 bits'",
    "28, 3, 3, '3 bits a pixel, not compressed'"
  })
  void saysWhatIsWrongWithABmpFile(int position, byte value, int bits, String expected)
      throws IOException {
    byte[] file = TestImages.file(TestImages.gradient(8, 8, 1), "bmp");
    file[position] = value;
    file[28] = (byte) bits;
    assertThatThrownBy(() -> ImageCodec.decode(file, 100))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining(expected);
  }
}
