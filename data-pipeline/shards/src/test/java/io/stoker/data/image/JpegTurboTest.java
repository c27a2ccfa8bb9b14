// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.base.Sha256;
import io.stoker.data.TestImages;
import io.stoker.failure.ResourceException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JpegTurboTest {
  private static final long LIMIT = ImageCodec.DEFAULT_MAXIMUM_PIXELS;

  static List<String> usualFiles() throws IOException {
    return TestImages.realFiles().keySet().stream()
        .filter(name -> name.endsWith(".jpg"))
        .filter(name -> !name.startsWith("cmyk") && !name.equals("rgb-not-ycc.jpg"))
        .toList();
  }

  /** Colours that change by 5 a pixel, in triangles, so that a shift of part of a pixel shows. */
  private static byte[] photo(int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = Math.abs(5 * x % 510 - 255);
        int green = Math.abs(5 * y % 510 - 255);
        int blue = Math.abs(3 * (x + y) % 510 - 255);
        image.setRGB(x, y, red << 16 | green << 8 | blue);
      }
    }
    return ImageCodec.encodeJpeg(Rasters.toPixels(image), 95);
  }

  private static Pixels decode(byte[] file, LeastSize least) throws UnreadableImageException {
    return ImageCodec.decode(file, LIMIT, least, DecodedImage::pixels);
  }

  /** Of values of 0 to 255. */
  private record Difference(double mean, int worst) {
    static Difference between(Pixels one, Pixels other) {
      assertThat(one.shape()).isEqualTo(other.shape());
      long sum = 0;
      int worst = 0;
      for (int i = 0; i < one.values().length; i++) {
        int difference = Math.abs((one.values()[i] & 0xFF) - (other.values()[i] & 0xFF));
        sum += difference;
        worst = Math.max(worst, difference);
      }
      return new Difference((double) sum / one.values().length, worst);
    }
  }

  /** Both decoders treat colours, chroma and rounding alike: they differ by the scaling alone. */
  @ParameterizedTest
  @MethodSource("usualFiles")
  void decodesAUsualFileAtItsSizeLikeTheFullDecoder(String name) throws Exception {
    byte[] file = TestImages.realFile(name);
    assertThat(JpegFrame.usual(file)).isPresent();
    Pixels stored = JpegTurbo.decode(file, 1).orElseThrow();
    int orientation = JpegStructure.check(file).orientation();
    assertThat(ExifOrientation.upright(stored, orientation).values())
        .isEqualTo(ImageCodec.decode(file, LIMIT).values());
  }

  /** The mean of the pixels that each pixel of the scaled picture stands for. */
  private static Pixels areaMean(Pixels full, int reduction) {
    ImageShape from = full.shape();
    ImageShape to =
        new ImageShape(
            (int) LeastSize.reduced(from.height(), reduction),
            (int) LeastSize.reduced(from.width(), reduction),
            from.channels());
    byte[] values = new byte[to.bytes()];
    for (int i = 0; i < values.length; i++) {
      int channel = i % to.channels();
      int left = i / to.channels() % to.width() * reduction;
      int top = i / to.channels() / to.width() * reduction;
      int sum = 0;
      int count = 0;
      for (int y = top; y < Math.min(top + reduction, from.height()); y++) {
        for (int x = left; x < Math.min(left + reduction, from.width()); x++, count++) {
          sum += full.values()[(y * from.width() + x) * to.channels() + channel] & 0xFF;
        }
      }
      values[i] = (byte) Math.round((float) sum / count);
    }
    return new Pixels(to, values);
  }

  /** The files have 23 x 29 pixels: at an eighth, most are those of blocks that are cut. */
  @ParameterizedTest
  @MethodSource("usualFiles")
  void aScaledPictureIsCloseToTheMeanOfTheFullOne(String name) throws Exception {
    byte[] file = TestImages.realFile(name);
    Pixels full = JpegTurbo.decode(file, 1).orElseThrow();
    // Chroma of 4:2:2 has half of the columns, and is repeated, not interpolated, at an eighth.
    boolean repeated = name.equals("baseline-422.jpg");
    double[] means = repeated ? new double[] {1.2, 3.2, 16.3} : new double[] {1, 1.3, 2.2};
    int[] worst = repeated ? new int[] {9, 23, 32} : new int[] {5, 8, 9};
    for (int i = 0; i < 3; i++) {
      int reduction = 2 << i;
      Pixels scaled = JpegTurbo.decode(file, reduction).orElseThrow();
      Difference difference = Difference.between(scaled, areaMean(full, reduction));
      assertThat(difference.mean()).as("1/%d", reduction).isLessThan(means[i]);
      assertThat(difference.worst()).as("1/%d", reduction).isLessThanOrEqualTo(worst[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3000, 4000, 256, 256, 4",
    "375, 500, 64, 64, 2",
    "375, 500, 94, 94, 2",
    "375, 500, 95, 95, 1",
    "375, 500, 256, 256, 1",
    "4000, 3000, 250, 1, 8",
    "4000, 3000, 251, 1, 4",
    "1, 20000000, 1, 1, 1",
    "1023, 1023, 64, 64, 8",
    "1016, 1024, 64, 64, 4",
    "65500, 65500, 4096, 4096, 4"
  })
  void dividesBySoMuchThatTwiceTheTargetIsLeft(
      long height, long width, int targetHeight, int targetWidth, int expected) {
    ImageShape target = new ImageShape(targetHeight, targetWidth, 3);
    assertThat(Decoding.SCALED.leastFor(target).reduction(height, width)).isEqualTo(expected);
    assertThat(Decoding.EXACT.leastFor(target).reduction(height, width)).isEqualTo(1);
  }

  /** Sides that no reduction divides: the same part of the photo must be at the same place. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void aPhotoIsAtTheSamePlaceInAnyOrientation(int orientation) throws Exception {
    byte[] file = TestImages.withOrientation(photo(403, 301), orientation);
    for (int side : new int[] {18, 37, 75}) {
      ImageShape target = new ImageShape(side, side, 3);
      Pixels exact = ImageCodec.decode(file, LIMIT, LeastSize.ALL, image -> image.fit(target));
      LeastSize least = Decoding.SCALED.leastFor(target);
      Pixels scaled = ImageCodec.decode(file, LIMIT, least, image -> image.fit(target));
      assertThat(decode(file, least).shape().area()).isLessThan(403 * 301 / 3);
      Difference difference = Difference.between(scaled, exact);
      assertThat(difference.mean()).as("%d pixels", side).isLessThan(0.8);
      assertThat(difference.worst()).as("%d pixels", side).isLessThanOrEqualTo(5);
    }
  }

  @Test
  void exactPixelsAreThoseOfTheFullDecoder() throws Exception {
    byte[] file = photo(403, 301);
    ImageShape target = new ImageShape(32, 32, 3);
    assertThat(decode(file, Decoding.EXACT.leastFor(target)).values())
        .isEqualTo(ImageCodec.readWithJava(ImageFormat.JPEG, file, 0, file.length, LIMIT).values());
    assertThat(decode(file, Decoding.SCALED.leastFor(target)).shape())
        .isEqualTo(new ImageShape(76, 101, 3));
  }

  /** The bits that all machines are to have. */
  @Test
  void decodesToTheSameBitsEverywhere() throws Exception {
    StringBuilder all = new StringBuilder();
    for (String name : usualFiles()) {
      for (int reduction : new int[] {2, 4, 8}) {
        Pixels pixels = JpegTurbo.decode(TestImages.realFile(name), reduction).orElseThrow();
        all.append(Sha256.hex(pixels.values()));
      }
    }
    assertThat(Sha256.hex(all.toString().getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo("b6681404f4d3b40c1ee698542174a844b01c93c987145cffa9bd0882b64fa761");
  }

  private static byte[] withSegment(byte[] jpeg, int marker, byte[] content) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(jpeg, 0, 2);
    file.write(new byte[] {(byte) 0xFF, (byte) marker, 0, (byte) (content.length + 2)});
    file.write(content);
    file.write(jpeg, 2, jpeg.length - 2);
    return file.toByteArray();
  }

  private static byte[] with(byte[] jpeg, int afterMarker, int offset, int value) {
    byte[] file = jpeg.clone();
    String text = new String(jpeg, StandardCharsets.ISO_8859_1);
    file[text.indexOf("\u00FF" + (char) afterMarker) + offset] = (byte) value;
    return file;
  }

  /** Colours that only the full decoder knows how to treat, and kinds that few decoders read. */
  @Test
  void leavesOtherKindsToTheFullDecoder() throws Exception {
    byte[] usual = TestImages.realFile("baseline-444.jpg");
    byte[] noJfif = with(usual, 0xE0, 4, 'X');
    List<byte[]> others = new ArrayList<>();
    others.add(TestImages.realFile("cmyk.jpg"));
    others.add(TestImages.realFile("cmyk-magick.jpg"));
    others.add(TestImages.realFile("rgb-not-ycc.jpg"));
    others.add(noJfif);
    others.add(withSegment(usual, 0xE2, "ICC_PROFILE\0\1\1".getBytes(StandardCharsets.US_ASCII)));
    others.add(withSegment(usual, 0xEE, "Adobe\0\0\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII)));
    others.add(withSegment(usual, 0xEE, "Adobe\0\0\0\0\0\0\2".getBytes(StandardCharsets.US_ASCII)));
    others.add(withSegment(usual, 0xEE, "Adobe".getBytes(StandardCharsets.US_ASCII)));
    others.add(with(usual, 0xC0, 4, 12)); // bits of a value
    others.add(with(usual, 0xC0, 1, 0xC9)); // arithmetic coding
    others.add(with(usual, 0xC0, 1, 0xC3)); // lossless
    others.add(with(usual, 0xC0, 10, 'R')); // the name of the first component
    others.add(with(usual, 0xC0, 11, 0x41)); // 4:1:1
    others.add(with(usual, 0xC0, 14, 0x21)); // chroma finer than luma
    for (int i = 0; i < others.size(); i++) {
      assertThat(JpegFrame.usual(others.get(i))).as("file %d", i).isEmpty();
    }
    assertThat(
            JpegFrame.usual(
                withSegment(
                    noJfif, 0xEE, "Adobe\0\0\0\0\0\0\1".getBytes(StandardCharsets.US_ASCII))))
        .isPresent();
    assertThat(JpegFrame.usual(with(TestImages.realFile("baseline-420.jpg"), 0xE0, 4, 'X')))
        .isPresent();
    assertThat(JpegFrame.usual(TestImages.realFile("progressive.jpg")))
        .hasValueSatisfying(frame -> assertThat(frame.isBuffered()).isTrue());
    assertThat(JpegFrame.usual(usual))
        .hasValueSatisfying(frame -> assertThat(frame.isBuffered()).isFalse());
    assertThat(JpegFrame.usual(with(usual, 0xDA, 4, 1))) // components of the first scan
        .hasValueSatisfying(frame -> assertThat(frame.isBuffered()).isTrue());
  }

  /** At 1/1 the decoders differ by the rounding of YCbCr, which the conversion may double. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void coloursOfAProfileAreThoseOfTheFullDecoder(int segments) throws Exception {
    byte[] plain = photo(403, 301);
    byte[] file = TestImages.withProfile(plain, TestImages.displayP3(), segments);
    Pixels full = ImageCodec.decode(file, LIMIT);
    assertThat(Difference.between(full, ImageCodec.decode(plain, LIMIT)).mean()).isGreaterThan(4);

    JpegFrame frame = JpegFrame.usual(file).orElseThrow();
    Difference difference =
        Difference.between(JpegTurbo.decode(file, 1).flatMap(frame::toSrgb).orElseThrow(), full);
    assertThat(difference.mean()).isLessThan(0.5);
    assertThat(difference.worst()).isLessThanOrEqualTo(4);

    ImageShape target = new ImageShape(37, 37, 3);
    LeastSize least = Decoding.SCALED.leastFor(target);
    Pixels exact = ImageCodec.decode(file, LIMIT, LeastSize.ALL, image -> image.fit(target));
    Pixels scaled = ImageCodec.decode(file, LIMIT, least, image -> image.fit(target));
    assertThat(decode(file, least).shape()).isEqualTo(new ImageShape(76, 101, 3));
    assertThat(Difference.between(scaled, exact).mean()).isLessThan(1);
  }

  @Test
  void aProfileOfStandardColoursChangesNothing() throws Exception {
    byte[] plain = photo(403, 301);
    byte[] standard = ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData();
    LeastSize least = new LeastSize(50, 50);
    assertThat(decode(TestImages.withProfile(plain, standard, 1), least).values())
        .isEqualTo(decode(plain, least).values());
  }

  /** Those that are damaged, of grey or printed pictures, or in parts that do not fit together. */
  @Test
  void leavesOtherProfilesToTheFullDecoder() throws Exception {
    byte[] usual = TestImages.realFile("baseline-444.jpg");
    byte[] profile = TestImages.displayP3();
    byte[] file = TestImages.withProfile(usual, profile, 2);
    assertThat(JpegFrame.usual(file)).isPresent();
    List<byte[]> others = new ArrayList<>();
    for (String damage : List.of("prtr", "GRAY", "CMYK", "ACSP")) {
      int at = damage.equals("prtr") ? 12 : damage.equals("ACSP") ? 36 : 16;
      byte[] damaged = profile.clone();
      System.arraycopy(damage.getBytes(StandardCharsets.US_ASCII), 0, damaged, at, 4);
      others.add(TestImages.withProfile(usual, damaged, 1));
    }
    others.add(TestImages.withProfile(usual, Arrays.copyOf(profile, profile.length - 1), 1));
    others.add(TestImages.withProfile(usual, Arrays.copyOf(profile, 127), 1));
    others.add(TestImages.withProfile(file, profile, 1)); // three parts, of one and of two
    others.add(with(file, 0xE2, 16, 2)); // the second part comes first
    others.add(with(file, 0xE2, 17, 3)); // the third part is not there
    others.add(TestImages.withProfile(TestImages.realFile("grey.jpg"), profile, 1));
    for (int i = 0; i < others.size(); i++) {
      assertThat(JpegFrame.usual(others.get(i))).as("file %d", i).isEmpty();
    }
  }

  /** The same verdict with the same reason: the full decoder fails likewise. */
  @Test
  void aProfileThatConvertsNothingIsLeftToTheFullDecoder() throws Exception {
    byte[] file = TestImages.withProfile(photo(403, 301), TestImages.profileWithoutConversion(), 1);
    assertThat(JpegFrame.usual(file)).isPresent();
    for (LeastSize least : List.of(LeastSize.ALL, new LeastSize(50, 50))) {
      assertThatThrownBy(() -> decode(file, least))
          .isInstanceOf(UnreadableImageException.class)
          .hasMessageStartingWith("damaged: its decoder fails (CMMException");
    }
  }

  @Test
  void countsCoefficientsThatAreKeptAsMemory() throws Exception {
    ImageHeader header = ImageHeader.of(3000, 4001, ExifOrientation.UPRIGHT);
    JpegFrame baseline = JpegFrame.usual(TestImages.realFile("baseline-444.jpg")).orElseThrow();
    JpegFrame progressive = JpegFrame.usual(TestImages.realFile("progressive.jpg")).orElseThrow();
    assertThat(baseline.pixelsHeld(header, 8)).isEqualTo(375 * 501);
    assertThat(progressive.pixelsHeld(header, 8)).isEqualTo(375 * 501 + 3000L * 4001 / 2);
  }

  /** Each picture has 3 MB, so 300 of them would show; JavaCPP, which counts memory, has none. */
  @Test
  void freesEachPicture() throws Exception {
    byte[] file = photo(2000, 1500);
    byte[] damaged = file.clone();
    Arrays.fill(damaged, file.length / 2, file.length / 2 + 64, (byte) 0x55);
    assertThat(JpegTurbo.decode(damaged, 2)).isEmpty();
    System.gc();
    long counted = Pointer.totalBytes();
    long before = Pointer.physicalBytes();
    for (int i = 0; i < 300; i++) {
      assertThat(JpegTurbo.decode(i % 10 == 0 ? damaged : file, 2).isEmpty())
          .isEqualTo(i % 10 == 0);
    }
    System.gc();
    assertThat(Pointer.totalBytes()).isEqualTo(counted);
    assertThat(Pointer.physicalBytes() - before).isLessThan(450L << 20);
  }

  @Test
  void threadsDecodeSideBySide() throws Exception {
    byte[][] files = {photo(403, 301), photo(640, 480), TestImages.realFile("progressive.jpg")};
    List<Optional<Pixels>> alone = new ArrayList<>();
    for (byte[] file : files) {
      alone.add(JpegTurbo.decode(file, 4));
    }
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Future<Pixels>> together = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        byte[] file = files[i % files.length];
        together.add(pool.submit(() -> JpegTurbo.decode(file, 4).orElseThrow()));
      }
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get().values())
            .isEqualTo(alone.get(i % files.length).orElseThrow().values());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static Pixels noise(int height, int width, int channels) {
    byte[] values = new byte[height * width * channels];
    Random random = new Random(height * 1000 + width);
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (128 + 60 * Math.sin(i * 0.01) + random.nextInt(60));
    }
    return new Pixels(new ImageShape(height, width, channels), values);
  }

  /** Shards are the same bytes, whichever of the two wrote them. */
  @Test
  void encodesLikeJavaWhereTheStepsOfQuantizationAreTheSame() throws Exception {
    JpegTurbo.decode(photo(64, 64), 1); // Loads the library.
    List<Integer> alike =
        IntStream.rangeClosed(1, 100).filter(JpegTurbo::encodesLikeJava).boxed().toList();
    assertThat(alike).hasSize(65).contains(50, 75, 80, 90, 95, 100).doesNotContain(85);
    for (int[] size : new int[][] {{1, 1}, {8, 9}, {17, 31}, {100, 1}, {256, 256}}) {
      for (int channels : new int[] {1, 3}) {
        Pixels pixels = noise(size[0], size[1], channels);
        for (int quality : alike) {
          assertThat(JpegTurbo.encode(pixels, quality))
              .as("%s, quality %d", pixels.shape(), quality)
              .isEqualTo(PlainJpeg.encode(pixels, quality));
        }
      }
    }
  }

  @Test
  void isTakenWhereJavaHasLibjpegWithoutVectorInstructions(@TempDir Path libraries)
      throws IOException {
    assertThat(JpegTurbo.usesLibraryOfSystem(libraries)).isTrue();
    Path codec = libraries.resolve(System.mapLibraryName("javajpeg"));
    Files.writeString(codec, "ELF ... libc.so.6 jpeg_read_header");
    assertThat(JpegTurbo.usesLibraryOfSystem(libraries)).isFalse();
    Files.writeString(codec, "ELF ... libc.so.6 libjpeg.so.62");
    assertThat(JpegTurbo.usesLibraryOfSystem(libraries)).isTrue();
    assertThat(JpegTurbo.decodesFaster(new ImageShape(2000, 2001, 3))).isFalse();
  }

  /** A disk that is full, for instance, does not reject what other machines read. */
  @Test
  void aLibraryThatDoesNotLoadIsAFailureOfTheMachine() {
    LinkageError failure = new UnsatisfiedLinkError("no jnileptonica in java.library.path");
    JpegTurbo.requireNoLibrary("plan9-mips", failure);
    assertThatThrownBy(() -> JpegTurbo.requireNoLibrary(Loader.getPlatform(), failure))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("Cannot load the library that decodes large JPEG files")
        .hasMessageContaining("--exact-pixels");
  }
}
