// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageCodecTest {
  private static final long LIMIT = ImageCodec.DEFAULT_MAXIMUM_PIXELS;

  private static Pixels decode(byte[] file) throws UnreadableImageException {
    return ImageCodec.decode(file, LIMIT);
  }

  private static int value(Pixels pixels, int x, int y, int channel) {
    ImageShape shape = pixels.shape();
    return pixels.values()[(y * shape.width() + x) * shape.channels() + channel] & 0xFF;
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpeg"})
  void decodesEveryFormat(String format) throws Exception {
    BufferedImage image = new BufferedImage(33, 21, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(new Color(200, 100, 50));
    graphics.fillRect(0, 0, 33, 21);
    graphics.setColor(new Color(10, 20, 230));
    graphics.fillRect(16, 0, 17, 21);
    graphics.dispose();

    Pixels pixels = decode(TestImages.file(image, format));

    assertThat(pixels.shape()).isEqualTo(new ImageShape(21, 33, 3));
    int[][] expected = {{200, 100, 50}, {10, 20, 230}};
    for (int side = 0; side < 2; side++) {
      for (int channel = 0; channel < 3; channel++) {
        assertThat(value(pixels, side * 30 + 1, 10, channel))
            .isBetween(expected[side][channel] - 4, expected[side][channel] + 4);
      }
    }
  }

  @Test
  void laysTransparencyOverWhite() throws Exception {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x00000000);
    image.setRGB(1, 0, 0x80FF0000);
    Pixels pixels = decode(TestImages.file(image, "png"));
    assertThat(pixels.values())
        .isEqualTo(new byte[] {-1, -1, -1, (byte) 255, (byte) 127, (byte) 127});
  }

  @Test
  void keepsTheValuesOfGreyImages() throws Exception {
    BufferedImage grey = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage deep = new BufferedImage(256, 1, BufferedImage.TYPE_USHORT_GRAY);
    for (int i = 0; i < 256; i++) {
      grey.getRaster().setSample(i, 0, 0, i);
      deep.getRaster().setSample(i, 0, 0, i * 256 + 17);
    }
    for (BufferedImage image : new BufferedImage[] {grey, deep}) {
      Pixels pixels = decode(TestImages.file(image, "png"));
      assertThat(pixels.shape().channels()).isEqualTo(1);
      for (int i = 0; i < 256; i++) {
        assertThat(value(pixels, i, 0, 0)).isEqualTo(i);
      }
    }
  }

  @Test
  void readsPalettes() throws Exception {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED);
    image.setRGB(0, 0, 0xFF0000);
    image.setRGB(1, 0, 0x00FF00);
    image.setRGB(2, 0, 0xFFFFFF);
    byte[] expected = {-1, 0, 0, 0, -1, 0, -1, -1, -1};
    assertThat(decode(TestImages.file(image, "png")).values()).isEqualTo(expected);
    assertThat(decode(TestImages.file(image, "gif")).values()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpeg"})
  void refusesEveryTruncation(String format) throws IOException {
    byte[] file = TestImages.file(TestImages.gradient(60, 40, 1), format);
    assertThatThrownBy(() -> decode(Arrays.copyOf(file, file.length / 2)))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("truncated");
    // The last byte of a GIF ends the list of frames; the first frame is whole without it.
    int end = file.length - (format.equals("gif") ? 1 : 0);
    for (int length = 0; length < end; length += length < 200 || length > end - 50 ? 1 : 37) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> decode(cut))
          .as("%d of %d bytes", length, file.length)
          .isInstanceOf(UnreadableImageException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpeg"})
  void decodesDamagedFilesOrRefusesThem(String format) throws IOException {
    byte[] file = TestImages.file(TestImages.gradient(30, 20, 1), format);
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 1500; i++) {
      byte[] damaged = file.clone();
      damaged[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        Pixels pixels = decode(damaged);
        assertThat(format).as("PNG has checksums for all that matters").isNotEqualTo("png");
        assertThat(pixels.values()).hasSize(pixels.shape().bytes());
      } catch (UnreadableImageException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  @Test
  void refusesHugeImagesFromTheirHeader() throws IOException {
    byte[] png = TestImages.file(TestImages.gradient(30, 20, 1), "png");
    assertThatThrownBy(() -> ImageCodec.decode(png, 599))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("too large: 20 x 30 pixels, the limit is 599");
    // 100,000 x 100,000 pixels, 30 GB, in a file of 57 bytes.
    byte[] huge = Arrays.copyOf(png, 57);
    ByteBuffer header = ByteBuffer.wrap(huge);
    header.putInt(16, 100_000).putInt(20, 100_000);
    CRC32 crc = new CRC32();
    crc.update(huge, 12, 17);
    header.putInt(29, (int) crc.getValue());
    header.putInt(33, 0).putInt(37, 0x49444154).putInt(41, 0x35AF061E);
    header.putInt(45, 0).putInt(49, 0x49454E44).putInt(53, 0xAE426082);
    assertThatThrownBy(() -> decode(huge))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("too large: 100000 x 100000 pixels, the limit is 64000000");
  }

  @Test
  void refusesWhatIsNoImage() {
    assertThatThrownBy(() -> decode(new byte[0]))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("empty file");
    assertThatThrownBy(
            () -> decode("<html>404</html>".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining("not an image");
  }

  @Test
  void keepsPixelsThroughPngAndNearlyThroughJpeg() throws Exception {
    for (int channels : new int[] {1, 3}) {
      Pixels noise = TestImages.noise(9, 14, channels, 5);
      byte[] decoded = new byte[noise.shape().bytes()];
      byte[] png = ImageCodec.encodePng(noise);
      ImageCodec.decodeInto(png, 0, png.length, noise.shape(), decoded);
      assertThat(decoded).isEqualTo(noise.values());

      Pixels flat = new Pixels(noise.shape(), filled(noise.shape().bytes(), (byte) 120));
      byte[] jpeg = ImageCodec.encodeJpeg(flat, 95);
      ImageCodec.decodeInto(jpeg, 0, jpeg.length, flat.shape(), decoded);
      for (byte value : decoded) {
        assertThat(value & 0xFF).isBetween(118, 122);
      }
    }
  }

  @Test
  void decodesJpegOfShardsLikeAnyOther() throws Exception {
    for (int channels : new int[] {1, 3, 1}) {
      for (int seed = 0; seed < 5; seed++) {
        Pixels noise = TestImages.noise(37, 30 + seed, channels, seed);
        byte[] jpeg = ImageCodec.encodeJpeg(noise, 60 + 10 * seed);
        byte[] among = new byte[jpeg.length + 20];
        System.arraycopy(jpeg, 0, among, 7, jpeg.length);
        byte[] decoded = new byte[noise.shape().bytes()];
        ImageCodec.decodeInto(among, 7, jpeg.length, noise.shape(), decoded);
        assertThat(decoded).isEqualTo(decode(jpeg).values());
      }
    }
  }

  @Test
  void refusesJpegOfShardsThatIsCutOrOfAnotherShapeAndReadsTheNext() throws Exception {
    Pixels noise = TestImages.noise(40, 50, 3, 1);
    byte[] jpeg = ImageCodec.encodeJpeg(noise, 90);
    byte[] target = new byte[2 * noise.shape().bytes()];
    for (int length = 1; length < jpeg.length - 2; length += 97) {
      int cut = length;
      assertThatThrownBy(() -> ImageCodec.decodeInto(jpeg, 0, cut, noise.shape(), target))
          .isInstanceOf(UnreadableImageException.class);
    }
    for (ImageShape other :
        new ImageShape[] {
          new ImageShape(50, 40, 3), new ImageShape(40, 50, 1), new ImageShape(41, 50, 3)
        }) {
      assertThatThrownBy(() -> ImageCodec.decodeInto(jpeg, 0, jpeg.length, other, target))
          .isInstanceOf(UnreadableImageException.class);
    }
    ImageCodec.decodeInto(jpeg, 0, jpeg.length, noise.shape(), target);
    assertThat(Arrays.copyOf(target, noise.shape().bytes())).isEqualTo(decode(jpeg).values());
  }

  private static byte[] filled(int length, byte value) {
    byte[] result = new byte[length];
    Arrays.fill(result, value);
    return result;
  }

  @Test
  void refusesShardImagesOfAnotherShape() {
    byte[] png = ImageCodec.encodePng(TestImages.noise(9, 14, 3, 5));
    ImageShape other = new ImageShape(14, 9, 3);
    assertThatThrownBy(
            () -> ImageCodec.decodeInto(png, 0, png.length, other, new byte[other.bytes()]))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageContaining("9 x 14 x 3");
  }

  @ParameterizedTest
  @CsvSource({
    // Where the stored top left, top right and bottom left corner are to be seen.
    "1, TL, TR, BL",
    "2, TR, TL, BR",
    "3, BR, BL, TR",
    "4, BL, BR, TL",
    "5, TL, BL, TR",
    "6, TR, BR, TL",
    "7, BR, TR, BL",
    "8, BL, TL, BR",
    "9, TL, TR, BL"
  })
  void turnsPhotographsUpright(int orientation, String red, String green, String blue)
      throws Exception {
    BufferedImage image = new BufferedImage(48, 32, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    Color[] colors = {Color.RED, Color.GREEN, Color.BLUE};
    int[][] corners = {{0, 0}, {32, 0}, {0, 16}};
    for (int i = 0; i < 3; i++) {
      graphics.setColor(colors[i]);
      graphics.fillRect(corners[i][0], corners[i][1], 16, 16);
    }
    graphics.dispose();

    Pixels pixels = decode(TestImages.withOrientation(TestImages.file(image, "jpeg"), orientation));

    boolean swapped = orientation >= 5 && orientation <= 8;
    assertThat(pixels.shape())
        .isEqualTo(swapped ? new ImageShape(48, 32, 3) : new ImageShape(32, 48, 3));
    String[] expected = {red, green, blue};
    for (int channel = 0; channel < 3; channel++) {
      int x = expected[channel].endsWith("L") ? 4 : pixels.shape().width() - 5;
      int y = expected[channel].startsWith("T") ? 4 : pixels.shape().height() - 5;
      assertThat(value(pixels, x, y, channel)).isGreaterThan(150);
      assertThat(value(pixels, x, y, (channel + 1) % 3)).isLessThan(100);
    }
  }

  @Test
  void decodesPhotographsWithBrokenExifData() throws Exception {
    byte[] file =
        TestImages.withOrientation(TestImages.file(TestImages.gradient(20, 10, 1), "jpeg"), 6);
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 300; i++) {
      byte[] damaged = file.clone();
      damaged[10 + random.nextInt(28)] ^= (byte) (1 << random.nextInt(8));
      assertThat(decode(damaged).shape().area()).isEqualTo(200);
    }
  }

  /** Each thread keeps a decoder and an encoder; the image of a file may have 200 MB. */
  @Test
  void holdsNoFileThatItHasDecodedOrEncoded() throws Exception {
    byte[] file = ImageCodec.encodeJpeg(TestImages.noise(64, 48, 3, 1), 90);
    Pixels decoded = ImageCodec.decode(file, LIMIT);
    WeakReference<byte[]> decodedValues = new WeakReference<>(decoded.values());
    Pixels encoded = TestImages.noise(64, 48, 3, 2);
    WeakReference<byte[]> encodedValues = new WeakReference<>(encoded.values());
    assertThat(ImageCodec.encodeJpeg(encoded, 90)).isNotEmpty();
    assertThat(decoded.values()).isNotEqualTo(encoded.values());
    decoded = null;
    encoded = null;
    System.gc();
    assertThat(decodedValues.get()).isNull();
    assertThat(encodedValues.get()).isNull();
  }
}
