// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestImages;
import io.stoker.testing.Exact;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResizingTest {
  /** One pixel by the definition: the mean of a line of pixels, weighted by a triangle. */
  private static double weighted(double[] line, int to, int index) {
    double scale = (double) line.length / to;
    double radius = Math.max(1, scale);
    double centre = (index + 0.5) * scale;
    double sum = 0;
    double weights = 0;
    for (int i = 0; i < line.length; i++) {
      double weight = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / radius);
      sum += weight * line[i];
      weights += weight;
    }
    return sum / weights;
  }

  @ParameterizedTest
  @CsvSource({
    "37, 50, 8, 1",
    "50, 37, 8, 3",
    "8, 8, 20, 3",
    "64, 64, 63, 1",
    "100, 9, 9, 3",
    "51, 77, 17, 3",
    "200, 131, 8, 3",
    "129, 66, 2, 3",
    "300, 290, 280, 1",
    "70, 70, 100, 3",
    "500, 3, 2, 1",
    "3, 500, 1, 3",
    "700, 700, 1, 1",
    "90, 1500, 80, 3"
  })
  void isTheTriangleFilterAndTheMiddle(int height, int width, int size, int channels) {
    Pixels image = TestImages.noise(height, width, channels, 3);
    ImageShape target = new ImageShape(size, size, channels);
    double scale = Math.max((double) size / height, (double) size / width);
    int tall = (int) Math.round(height * scale);
    int wide = (int) Math.round(width * scale);

    Pixels result = Resizing.fit(image, target);

    for (int x = 0; x < size; x++) {
      for (int channel = 0; channel < channels; channel++) {
        double[] column = new double[height];
        for (int row = 0; row < height; row++) {
          double[] line = new double[width];
          for (int i = 0; i < width; i++) {
            line[i] = image.values()[(row * width + i) * channels + channel] & 0xFF;
          }
          column[row] = weighted(line, wide, x + (wide - size) / 2);
        }
        for (int y = 0; y < size; y++) {
          double expected = weighted(column, tall, y + (tall - size) / 2);
          int found = result.values()[(y * size + x) * channels + channel] & 0xFF;
          assertThat((double) found).isBetween(expected - 1.01, expected + 1.01);
        }
      }
    }
  }

  /** Of images of many shapes, with ends within a pixel, and bands of few rows. */
  @Test
  @Exact
  void theBitsStayTheSame() throws NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 300; i++) {
      int channels = random.nextInt(2) == 0 ? 1 : 3;
      Pixels image =
          TestImages.noise(1 + random.nextInt(300), 1 + random.nextInt(200), channels, i);
      ImageShape shape = image.shape();
      double height = shape.height() - random.nextDouble();
      double width = shape.width() - random.nextDouble();
      Extent extent =
          new Extent(
              shape,
              random.nextInt(2) * (shape.height() - height),
              random.nextInt(2) * (shape.width() - width),
              height,
              width);
      ImageShape target =
          new ImageShape(1 + random.nextInt(150), 1 + random.nextInt(150), channels);
      digest.update(Resizing.fit(image, extent, target).values());
    }
    Pixels wide = TestImages.noise(70, 6000, 3, 1);
    digest.update(Resizing.fit(wide, new ImageShape(60, 5000, 3)).values());
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .isEqualTo("35457adf496236fe2f5c3e9f24b90272b3d4de35251eb584fa2215121d098041");
  }

  @Test
  void keepsFlatImagesFlat() {
    ImageShape shape = new ImageShape(101, 67, 3);
    byte[] values = new byte[shape.bytes()];
    Arrays.fill(values, (byte) 255);
    byte[] result = Resizing.fit(new Pixels(shape, values), new ImageShape(13, 13, 3)).values();
    for (byte value : result) {
      assertThat(value).isEqualTo((byte) 255);
    }
  }

  /** The largest of thousands of weights is smaller than what rounding leaves over. */
  @Test
  void noPixelCountsLessThanNothing() {
    int side = 7885;
    ImageShape shape = new ImageShape(side, side, 1);
    byte[] values = new byte[shape.bytes()];
    for (int y = 0; y < side; y++) {
      values[y * side + 3528] = (byte) 255; // the column of the largest weight
    }
    Pixels result = Resizing.fit(new Pixels(shape, values), new ImageShape(1, 1, 1));
    assertThat(result.values()).containsExactly(0);
  }

  @Test
  void leavesImagesOfTheRightShapeAlone() {
    Pixels image = TestImages.noise(5, 6, 3, 1);
    assertThat(Resizing.fit(image, image.shape())).isSameAs(image);
  }

  @Test
  void convertsBetweenGreyAndColour() {
    Pixels color =
        new Pixels(new ImageShape(1, 4, 3), new byte[] {-1, 0, 0, 0, -1, 0, 0, 0, -1, -1, -1, -1});
    Pixels grey = Resizing.fit(color, new ImageShape(1, 4, 1));
    assertThat(grey.values()).isEqualTo(new byte[] {76, (byte) 150, 29, -1});
    assertThat(Resizing.fit(grey, new ImageShape(1, 4, 3)).values())
        .isEqualTo(
            new byte[] {76, 76, 76, (byte) 150, (byte) 150, (byte) 150, 29, 29, 29, -1, -1, -1});
  }
}
