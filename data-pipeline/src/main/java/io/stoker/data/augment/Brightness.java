package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * Makes an image lighter or darker: multiplies all values.
 *
 * @param range the factor is between {@code 1 - range} and {@code 1 + range}
 */
public record Brightness(double range) implements Augmentation.Photometric {
  public Brightness {
    Check.input(range >= 0 && range <= 1, "Invalid brightness: %s (must be 0 to 1)", range);
  }

  @Override
  public void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key) {
    double factor = 1 + Draw.symmetric(key, 0, range);
    for (int i = 0; i < shape.bytes(); i++) {
      pixels[i] = Draw.pixel((pixels[i] & 0xFF) * factor);
    }
  }
}
