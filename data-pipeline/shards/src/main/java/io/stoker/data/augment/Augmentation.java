// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.failure.InputException;
import java.util.List;
import java.util.Locale;

/**
 * A random change of an image that leaves its class as it is. What happens to a sample is a pure
 * function of a key, {@link #bits}, of (seed, epoch, sample id).
 */
public sealed interface Augmentation
    permits Augmentation.Geometric, Augmentation.Photometric, Augmentation.Policy {
  /** What tells its random numbers apart from others of (seed, epoch, sample id). */
  long USE = 3;

  /**
   * Reads a list such as {@code shift,flip} or {@code rotate=15,scale=0.1}; blank text is an empty
   * list. docs/data.md lists the names, their values and defaults.
   *
   * @throws InputException for an unknown name or a value out of range
   */
  static List<Augmentation> parse(String text) {
    return AugmentationNames.parse(text);
  }

  /**
   * A list in the one spelling that a job's identity has: a colon before each further number, so
   * that {@code rand-augment=2,9} and {@code rand-augment=2:9} are equal.
   *
   * @param names as a user wrote them, apart at commas
   */
  static List<String> canonical(List<String> names) {
    return AugmentationNames.canonical(names);
  }

  /** Its name, such as {@code random-erasing}. */
  default String label() {
    return getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /** What it chooses from, each by itself: the operations of a policy, else itself. */
  default List<Augmentation> parts() {
    return List.of(this);
  }

  /**
   * The random bits that decide what happens to one image, of which the augmentation draws.
   *
   * @param seed the job's root seed
   * @param epoch from 0
   * @param sampleId the sample's identity
   * @param place in the list of augmentations, from 0
   */
  default long bits(long seed, int epoch, long sampleId, int place) {
    return SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(seed, epoch, sampleId), USE), place);
  }

  /**
   * One that moves pixels. What it uncovers shows what the data's image has there, and outside of
   * that 0 (black), or what a {@link Border} says.
   */
  sealed interface Geometric extends Augmentation
      permits Shift, Flip, Crop, Rotate, Scale, Shear, ResizedCrop {
    /**
     * Adds the move of one image to a map.
     *
     * @param map of the augmentations before this one
     * @param input the shape that the network takes; the image is as large or larger
     * @param key the image's random bits
     */
    void compose(AffineMap map, ImageShape input, long key);
  }

  /**
   * One that draws operations and applies them one after the other, each to what the one before
   * gave, as its paper has it. Those that move pixels are resampled by themselves, to the nearest
   * pixel: within {@link Geometric}'s one map their order would be lost.
   */
  sealed interface Policy extends Augmentation
      permits TrivialAugment, RandAugment, SingleOperation {
    /**
     * Changes one image in place.
     *
     * @param canvas of the shape of the image
     * @param pixels interleaved uint8 {@code [height, width, channels]}
     * @param key the image's random bits
     */
    void apply(PolicyCanvas canvas, byte[] pixels, long key);
  }

  /** One that changes the values of pixels where they are. */
  sealed interface Photometric extends Augmentation
      permits Tonal, Contrast, Saturation, Erase, RandomErasing {
    /**
     * Changes one image in place.
     *
     * @param pixels interleaved uint8 {@code [height, width, channels]}
     * @param shape of the image
     * @param statistics of the data set
     * @param key the image's random bits
     */
    void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key);
  }

  /**
   * One that gives each value of a channel another value, wherever in the image it is. Several are
   * composed into one table a channel, which can be composed with the normalisation in turn.
   */
  sealed interface Tonal extends Photometric permits Brightness, ColorNoise {
    /**
     * Adds the change of one image to tables.
     *
     * @param tables for each channel, what the augmentations before this one make of each of the
     *     256 values, as uint8
     * @param statistics of the data set
     * @param key the image's random bits
     */
    void compose(byte[][] tables, ChannelStatistics statistics, long key);

    @Override
    default void apply(byte[] pixels, ImageShape shape, ChannelStatistics statistics, long key) {
      byte[][] tables = ToneTables.create(shape.channels());
      compose(tables, statistics, key);
      ToneTables.apply(tables, pixels, shape);
    }
  }
}
