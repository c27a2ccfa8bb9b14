package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.Mixing;
import java.util.List;

/**
 * Applies augmentations in order. It allocates nothing per image, and belongs to one thread at a
 * time; what it does to a sample depends on (seed, epoch, sample id) alone.
 */
public final class AugmentationChain {
  private static final long USE = 3;

  private final List<Augmentation> augmentations;
  private final ImageShape shape;
  private final Resampler resampler;
  private final AffineMap map = new AffineMap();

  /**
   * @param augmentations in the order in which they are applied
   * @param shape of every image
   */
  public AugmentationChain(List<Augmentation> augmentations, ImageShape shape) {
    this.augmentations = List.copyOf(augmentations);
    this.shape = shape;
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
    for (int i = 0; i < augmentations.size(); i++) {
      if (augmentations.get(i) instanceof Augmentation.Geometric geometric) {
        geometric.compose(map, Mixing.mix(key, i));
      }
    }
    resampler.apply(map, source, target);
  }

  /** The shape of the images. */
  public ImageShape shape() {
    return shape;
  }
}
