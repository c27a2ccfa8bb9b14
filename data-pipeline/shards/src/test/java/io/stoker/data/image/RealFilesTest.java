// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestImages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of other programs, beside what other decoders see in them (README.md of their folder). */
class RealFilesTest {
  /** Where a value lies between two of 8 bits, and decoders round in different ways. */
  private static final Set<String> ROUNDED =
      Set.of("16-bit-555.bmp", "16-bit-565.bmp", "cmyk.jpg", "cmyk-magick.jpg");

  static List<String> names() throws IOException {
    return TestImages.realFiles().keySet().stream().toList();
  }

  @ParameterizedTest
  @MethodSource("names")
  void looksAsInAnotherDecoder(String name) throws Exception {
    byte[] file = TestImages.realFiles().get(name);
    Pixels expected = expected(name);

    Pixels seen = ImageCodec.decode(file, ImageCodec.DEFAULT_MAXIMUM_PIXELS);

    assertThat(seen.shape().height()).isEqualTo(expected.shape().height());
    assertThat(seen.shape().width()).isEqualTo(expected.shape().width());
    byte[] values = Resizing.withChannels(seen, expected.shape().channels()).values();
    int tolerance = ROUNDED.contains(name) ? 1 : 0;
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i] & 0xFF)
          .as("value %d", i)
          .isBetween(
              (expected.values()[i] & 0xFF) - tolerance, (expected.values()[i] & 0xFF) + tolerance);
    }
  }

  /** A PPM or PGM file: magic, width, height and maximum, then the pixels. */
  private static Pixels expected(String name) throws IOException {
    Path folder = TestImages.realFolder();
    boolean grey = Files.exists(folder.resolve(name + ".pgm"));
    byte[] file = Files.readAllBytes(folder.resolve(name + (grey ? ".pgm" : ".ppm")));
    String[] head = new String(file, 0, 40, StandardCharsets.ISO_8859_1).split("\\s", 4);
    ImageShape shape =
        new ImageShape(Integer.parseInt(head[2]), Integer.parseInt(head[1]), grey ? 1 : 3);
    return new Pixels(shape, Arrays.copyOfRange(file, file.length - shape.bytes(), file.length));
  }
}
