// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * The colour noise of Krizhevsky et al., 2012, section 4.1: adds to all pixels of an image the sum
 * of the principal components of the data set's colours, each multiplied by its eigenvalue and a
 * normal random number. As in the paper, eigenvalues are those of pixel values between 0 and 1.
 * Grey images stay as they are.
 *
 * @param sigma standard deviation of the random numbers; the paper has 0.1
 */
public record ColorNoise(double sigma) implements Augmentation.Tonal {
  public ColorNoise {
    Check.input(sigma >= 0 && sigma <= 10, "Invalid color-noise: %s (must be 0 to 10)", sigma);
  }

  @Override
  public void compose(byte[][] tables, ChannelStatistics statistics, long key) {
    if (tables.length == 1) {
      return;
    }
    double red = 0;
    double green = 0;
    double blue = 0;
    for (int i = 0; i < 3; i++) {
      // An eigenvalue for 0 to 255 is 255^2 times that for 0 to 1; the noise goes back by 255.
      double amount = sigma * Draw.normal(key, i) * statistics.eigenvalues().get(i) / 255;
      red += amount * statistics.eigenvectors().get(i).get(0);
      green += amount * statistics.eigenvectors().get(i).get(1);
      blue += amount * statistics.eigenvectors().get(i).get(2);
    }
    shift(tables[0], red);
    shift(tables[1], green);
    shift(tables[2], blue);
  }

  private static void shift(byte[] table, double amount) {
    for (int value = 0; value < table.length; value++) {
      table[value] = Draw.pixel((table[value] & 0xFF) + amount);
    }
  }
}
