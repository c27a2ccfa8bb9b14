package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.Mixing;
import io.stoker.data.shard.ChannelStatistics;
import java.util.List;

/**
 * Applies augmentations: first those that move pixels, in their order, as one map, so that an image
 * is resampled once; then those that change values, in their order. It belongs to one thread at a
 * time; what it does to a sample depends on (seed, epoch, sample id) alone.
 */
public final class AugmentationChain {
  private static final long USE = 3;

  private final Augmentation[] augmentations;
  private final ImageShape shape;
  private final ChannelStatistics statistics;
  private final Resampler resampler;
  private final AffineMap map = new AffineMap();

  /**
   * @param augmentations in order
   * @param shape of every image
   * @param statistics of the data set
   */
  public AugmentationChain(
      List<Augmentation> augmentations, ImageShape shape, ChannelStatistics statistics) {
    this.augmentations = augmentations.toArray(Augmentation[]::new);
    this.shape = shape;
    this.statistics = statistics;
    this.resampler = new Resampler(shape);
  }

  /**
   * Augments one image.
   *
   * @param seed the job's root seed
   * @param epoch from 0
   * @param sampleId the sample's identity
   * @param source interleaved uint8 {@code [height, width, channels]}; unchanged
   * @param target receives the augmented image; another array than source
   */
  public void apply(long seed, int epoch, long sampleId, byte[] source, byte[] target) {
    long key = Mixing.mix(Mixing.mix(seed, epoch, sampleId), USE);
    map.reset();
    for (int i = 0; i < augmentations.length; i++) {
      if (augmentations[i] instanceof Augmentation.Geometric geometric) {
        geometric.compose(map, shape, Mixing.mix(key, i));
      }
    }
    resampler.apply(map, source, target);
    for (int i = 0; i < augmentations.length; i++) {
      if (augmentations[i] instanceof Augmentation.Photometric photometric) {
        photometric.apply(target, shape, statistics, Mixing.mix(key, i));
      }
    }
  }
}
