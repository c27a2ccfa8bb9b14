// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.Check;

/**
 * Covers a rectangle of some images (Zhong et al., 2017, "Random Erasing Data Augmentation",
 * algorithm 1): its area is uniform, and so is the logarithm of its height divided by its width. A
 * rectangle that does not fit is drawn again, up to ten times, and then the image stays as it is,
 * as in torchvision.
 *
 * @param probability that an image is changed
 * @param area of the rectangle, as a share of the image's
 * @param aspect its height divided by its width
 * @param fill what covers it
 */
public record RandomErasing(double probability, Range area, Range aspect, Fill fill)
    implements Augmentation.Photometric {
  private static final int ATTEMPTS = 10;

  /** What covers a rectangle. */
  public enum Fill {
    /** The data set's mean colour, which is 0 to the network. */
    MEAN,

    /** Values from 0 to 255, each equally likely, for each channel of each pixel. */
    NOISE
  }

  public RandomErasing {
    Check.input(
        probability >= 0 && probability <= 1,
        "Invalid erase: a probability of %s (must be 0 to 1)",
        probability);
    Check.input(
        area.from() > 0 && area.to() <= 1,
        "Invalid erase: an area of %s (must be above 0 and at most 1)",
        area);
    Check.input(
        aspect.from() >= 0.01 && aspect.to() <= 100,
        "Invalid erase: an aspect of %s (must be 0.01 to 100)",
        aspect);
  }

  @Override
  public void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key) {
    if (Draw.unit(key, 0) >= probability) {
      return;
    }
    double least = StrictMath.log(aspect.from());
    double most = StrictMath.log(aspect.to());
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      long drawn = SplitMix64.mix(key, attempt);
      double size = area.at(Draw.unit(drawn, 0)) * shape.area();
      double stretch = StrictMath.exp(least + (most - least) * Draw.unit(drawn, 1));
      int height = (int) Math.rint(Math.sqrt(size * stretch));
      int width = (int) Math.rint(Math.sqrt(size / stretch));
      if (height < shape.height() && width < shape.width()) {
        int top = SplitMix64.below(SplitMix64.mix(drawn, 2), shape.height() - height + 1);
        int left = SplitMix64.below(SplitMix64.mix(drawn, 3), shape.width() - width + 1);
        cover(pixels, shape, statistics, top, left, height, width, drawn);
        return;
      }
    }
  }

  private void cover(
      byte[] pixels,
      ImageShape shape,
      ChannelStatistics statistics,
      int top,
      int left,
      int height,
      int width,
      long key) {
    int channels = shape.channels();
    for (int y = top; y < top + height; y++) {
      int row = (y * shape.width() + left) * channels;
      for (int i = 0; i < width * channels; i++) {
        pixels[row + i] =
            fill == Fill.MEAN
                ? Draw.pixel(statistics.mean().get(i % channels))
                : (byte) SplitMix64.mix(key + row + i);
      }
    }
  }
}
