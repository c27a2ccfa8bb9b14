package io.stoker.data.batch;

import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardBlock;
import java.util.Optional;

/**
 * Turns encoded samples into what a network sees: decodes, augments and normalises. It belongs to
 * one thread at a time.
 */
final class SampleDecoder {
  private final ImageShape shape;
  private final Normalization normalization;
  private final Optional<Augmenting> augmenting;
  private final byte[] decoded;

  /**
   * Augmentation of one epoch.
   *
   * @param chain of this decoder alone
   * @param seed the job's root seed
   * @param epoch from 0
   */
  record Augmenting(AugmentationChain chain, long seed, int epoch) {}

  SampleDecoder(ImageShape shape, Normalization normalization, Optional<Augmenting> augmenting) {
    this.shape = shape;
    this.normalization = normalization;
    this.augmenting = augmenting;
    this.decoded = new byte[shape.bytes()];
  }

  /** Fills one example of a batch with one row of a block. */
  void decode(ShardBlock block, int row, ImageBatch target, int example) {
    long sampleId = block.sampleId(row);
    target.labels()[example] = block.label(row);
    target.sampleIds()[example] = sampleId;
    block.decode(row, decoded);
    int offset = example * shape.bytes();
    if (augmenting.isPresent()) {
      Augmenting with = augmenting.get();
      with.chain.apply(
          with.seed,
          with.epoch,
          sampleId,
          decoded,
          normalization.values(),
          target.images(),
          offset);
    } else {
      normalization.apply(decoded, shape, target.images(), offset);
    }
  }
}
