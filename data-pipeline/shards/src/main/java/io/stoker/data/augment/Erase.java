// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * Covers a square of an image with the data set's mean colour, which is 0 to the network (DeVries
 * and Taylor, 2017, "Improved Regularization of Convolutional Neural Networks with Cutout"). Its
 * centre is anywhere in the image, so part of it may be outside.
 *
 * @param side of the square, as a share of the image's short side
 */
public record Erase(double side) implements Augmentation.Photometric {
  public Erase {
    Check.input(side >= 0 && side <= 1, "Invalid erase: %s (must be 0 to 1)", side);
  }

  @Override
  public void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key) {
    int length = (int) Math.round(side * Math.min(shape.height(), shape.width()));
    int top = SplitMix64.below(SplitMix64.mix(key, 0), shape.height()) - length / 2;
    int left = SplitMix64.below(SplitMix64.mix(key, 1), shape.width()) - length / 2;
    for (int y = Math.max(0, top); y < Math.min(shape.height(), top + length); y++) {
      for (int x = Math.max(0, left); x < Math.min(shape.width(), left + length); x++) {
        int pixel = (y * shape.width() + x) * shape.channels();
        for (int channel = 0; channel < shape.channels(); channel++) {
          pixels[pixel + channel] = Draw.pixel(statistics.mean().get(channel));
        }
      }
    }
  }
}
