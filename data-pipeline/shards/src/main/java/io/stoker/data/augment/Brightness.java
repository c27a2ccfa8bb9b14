// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * Makes an image lighter or darker: multiplies all values (Howard, 2013, "Some Improvements on Deep
 * Convolutional Neural Network Based Image Classification", section 2.2).
 *
 * @param range the factor is between {@code 1 - range} and {@code 1 + range}
 */
public record Brightness(double range) implements Augmentation.Tonal {
  public Brightness {
    Check.input(range >= 0 && range <= 1, "Invalid brightness: %s (must be 0 to 1)", range);
  }

  @Override
  public void compose(byte[][] tables, ChannelStatistics statistics, long key) {
    double factor = 1 + Draw.symmetric(key, 0, range);
    for (byte[] table : tables) {
      for (int value = 0; value < table.length; value++) {
        table[value] = Draw.pixel((table[value] & 0xFF) * factor);
      }
    }
  }
}
