// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ChannelStatistics;
import java.util.List;

/**
 * Applies augmentations: first those that move pixels, in their order, as one map, so that an image
 * is resampled once; then those that change values, and policies, in their order. Of an image that
 * is larger than what the network takes, and that none of them has cut to its size, the middle is
 * taken at the end.
 *
 * <p>It belongs to one thread at a time; what it does to a sample depends on (seed, epoch, sample
 * id) alone.
 */
public final class AugmentationChain {
  private final Augmentation[] augmentations;
  private final ImageShape image;
  private final ImageShape input;
  private final ChannelStatistics statistics;
  private final View centre;
  private final Resampler resampler;
  private final PolicyCanvas canvas;
  private final AffineMap map = new AffineMap();

  /** Whether all changes of values are tables, so that they compose with the normalisation. */
  private final boolean tonal;

  /** Whether there are any: without them, no table is made for an image. */
  private final boolean changesTones;

  private final byte[][] tones;
  private final float[][] toned;
  private final byte[] resampled;

  /**
   * @param augmentations in order
   * @param image the shape of the data's images
   * @param input the shape of the images that come out
   * @param statistics of the data set
   * @throws io.stoker.failure.InputException if the images are smaller than what comes out
   */
  public AugmentationChain(
      List<Augmentation> augmentations,
      ImageShape image,
      ImageShape input,
      ChannelStatistics statistics) {
    this.augmentations = augmentations.toArray(Augmentation[]::new);
    this.image = image;
    this.input = input;
    this.statistics = statistics;
    this.centre = View.centre(image, input);
    this.resampler = new Resampler(image, input);
    this.canvas = new PolicyCanvas(input);
    this.tonal =
        augmentations.stream()
            .allMatch(
                one -> one instanceof Augmentation.Geometric || one instanceof Augmentation.Tonal);
    this.changesTones = augmentations.stream().anyMatch(one -> one instanceof Augmentation.Tonal);
    this.tones = ToneTables.create(input.channels());
    this.toned = new float[input.channels()][256];
    this.resampled = new byte[input.bytes()];
  }

  /**
   * Augments one image.
   *
   * @param seed the job's root seed
   * @param epoch from 0
   * @param sampleId the sample's identity
   * @param source interleaved uint8 {@code [height, width, channels]}; unchanged
   * @param target receives the augmented image, of the shape that comes out; another array than
   *     source
   */
  public void apply(long seed, int epoch, long sampleId, byte[] source, byte[] target) {
    compose(seed, epoch, sampleId);
    resampler.apply(map, source, target);
    changeValues(seed, epoch, sampleId, target);
  }

  /**
   * Augments one image, and gives each of its values the number that a table has for it. What comes
   * out is the same as of the other method and the table after it; where pixels only move by whole
   * steps it takes one pass instead of three.
   *
   * @param seed the job's root seed
   * @param epoch from 0
   * @param sampleId the sample's identity
   * @param source interleaved uint8 {@code [height, width, channels]}; unchanged
   * @param values for each channel, the number of each of the 256 values
   * @param target receives {@code [channels, height, width]} of the shape that comes out
   * @param offset where in the target
   */
  public void apply(
      long seed,
      int epoch,
      long sampleId,
      byte[] source,
      float[][] values,
      float[] target,
      int offset) {
    compose(seed, epoch, sampleId);
    if (tonal && map.isExact()) {
      float[][] table = changesTones ? toned(seed, epoch, sampleId, values) : values;
      resampler.applyExact(map, source, table, target, offset);
    } else {
      resampler.apply(map, source, resampled);
      changeValues(seed, epoch, sampleId, resampled);
      Resampler.toPlanes(resampled, input, values, target, offset);
    }
  }

  private void compose(long seed, int epoch, long sampleId) {
    map.reset(image);
    for (int i = 0; i < augmentations.length; i++) {
      if (augmentations[i] instanceof Augmentation.Geometric geometric) {
        geometric.compose(map, input, geometric.bits(seed, epoch, sampleId, i));
      }
    }
    if (!map.hasSizeOf(input)) {
      centre.compose(map, input);
    }
  }

  private void changeValues(long seed, int epoch, long sampleId, byte[] pixels) {
    for (int i = 0; i < augmentations.length; i++) {
      if (augmentations[i] instanceof Augmentation.Photometric photometric) {
        photometric.apply(pixels, input, statistics, photometric.bits(seed, epoch, sampleId, i));
      } else if (augmentations[i] instanceof Augmentation.Policy policy) {
        policy.apply(canvas, pixels, policy.bits(seed, epoch, sampleId, i));
      }
    }
  }

  /** The table of all changes of values, and of what comes after them. */
  private float[][] toned(long seed, int epoch, long sampleId, float[][] values) {
    ToneTables.reset(tones);
    for (int i = 0; i < augmentations.length; i++) {
      if (augmentations[i] instanceof Augmentation.Tonal one) {
        one.compose(tones, statistics, one.bits(seed, epoch, sampleId, i));
      }
    }
    for (int channel = 0; channel < toned.length; channel++) {
      for (int value = 0; value < 256; value++) {
        toned[channel][value] = values[channel][tones[channel][value] & 0xFF];
      }
    }
    return toned;
  }
}
