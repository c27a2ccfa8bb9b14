// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * Moves each colour away from the grey of its own luma (ITU-R BT.601), or towards it (Howard, 2013,
 * "Some Improvements on Deep Convolutional Neural Network Based Image Classification", section
 * 2.2). Grey images stay as they are.
 *
 * @param range the factor is between {@code 1 - range} and {@code 1 + range}
 */
public record Saturation(double range) implements Augmentation.Photometric {
  public Saturation {
    Check.input(range >= 0 && range <= 1, "Invalid saturation: %s (must be 0 to 1)", range);
  }

  @Override
  public void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key) {
    if (shape.channels() == 1) {
      return;
    }
    double factor = 1 + Draw.symmetric(key, 0, range);
    for (int i = 0; i < shape.bytes(); i += 3) {
      int red = pixels[i] & 0xFF;
      int green = pixels[i + 1] & 0xFF;
      int blue = pixels[i + 2] & 0xFF;
      double luma = 0.299 * red + 0.587 * green + 0.114 * blue;
      pixels[i] = Draw.pixel(luma + (red - luma) * factor);
      pixels[i + 1] = Draw.pixel(luma + (green - luma) * factor);
      pixels[i + 2] = Draw.pixel(luma + (blue - luma) * factor);
    }
  }
}
