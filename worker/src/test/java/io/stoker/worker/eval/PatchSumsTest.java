// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.testing.Exact;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@Exact
class PatchSumsTest {
  private static final List<Double> MEAN = List.of(120.0, 100.0, 90.0);
  private static final List<Double> DEVIATION = List.of(60.0, 50.0, 40.0);

  private static Pixels image(int height, int width, long seed) {
    byte[] values = new byte[height * width * 3];
    new SplittableRandom(seed).nextBytes(values);
    return new Pixels(new ImageShape(height, width, 3), values);
  }

  private static double value(Pixels image, int channel, int y, int x) {
    int pixel = image.values()[(y * image.shape().width() + x) * 3 + channel] & 255;
    return (pixel - MEAN.get(channel)) / DEVIATION.get(channel);
  }

  @Test
  void theCovarianceIsTheMeanOfTheProductsOfNormalisedPixels() {
    Pixels image = image(6, 5, 1);
    PatchSums sums = new PatchSums(3, 3);
    sums.add(image);

    double[][] covariance = sums.covariance(MEAN, DEVIATION);

    for (int i = 0; i < 27; i++) {
      for (int j = i; j < 27; j++) {
        double sum = 0;
        for (int y = 0; y < 4; y++) {
          for (int x = 0; x < 3; x++) {
            sum +=
                value(image, i / 9, y + i / 3 % 3, x + i % 3)
                    * value(image, j / 9, y + j / 3 % 3, x + j % 3);
          }
        }
        assertThat(covariance[i][j]).isCloseTo(sum / 12, within(1e-10));
      }
    }
  }

  @Test
  void theOrderOfImagesChangesNoBit() {
    PatchSums one = new PatchSums(2, 3);
    PatchSums left = new PatchSums(2, 3);
    PatchSums right = new PatchSums(2, 3);
    for (int i = 0; i < 9; i++) {
      one.add(image(40, 70, i));
      (i % 3 == 0 ? left : right).add(image(40, 70, 8 - i));
    }

    assertThat(right.merge(left).covariance(MEAN, DEVIATION))
        .isDeepEqualTo(one.covariance(MEAN, DEVIATION));
  }
}
