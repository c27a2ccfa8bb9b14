// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * Moves all values away from the image's mean, or towards it (Howard, 2013, "Some Improvements on
 * Deep Convolutional Neural Network Based Image Classification", section 2.2).
 *
 * @param range the factor is between {@code 1 - range} and {@code 1 + range}
 */
public record Contrast(double range) implements Augmentation.Photometric {
  public Contrast {
    Check.input(range >= 0 && range <= 1, "Invalid contrast: %s (must be 0 to 1)", range);
  }

  @Override
  public void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key) {
    double factor = 1 + Draw.symmetric(key, 0, range);
    long sum = 0;
    for (int i = 0; i < shape.bytes(); i++) {
      sum += pixels[i] & 0xFF;
    }
    double mean = (double) sum / shape.bytes();
    for (int i = 0; i < shape.bytes(); i++) {
      pixels[i] = Draw.pixel(mean + ((pixels[i] & 0xFF) - mean) * factor);
    }
  }
}
