// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.Normalization;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.BareCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.measure.StageClock;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardManifest;
import io.stoker.failure.Check;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Measures how fast a split is read in training: each stage alone and all of them together, on one
 * core and on several, and the bare codec for comparison. Each thread has its own decoder, buffers
 * and reader, as each worker has.
 */
public final class LoaderBench {
  /** Blocks that all work on, again and again: about as many MB. */
  private static final int BLOCKS = 8;

  private static final long CACHE_BYTES = 64L << 20;
  private static final int SEED = 1;

  private final SplitBlocks data;
  private final TrainingInput input;
  private final int batch;
  private final double seconds;
  private final ShardManifest manifest;
  private final List<ShardBlock> blocks = new ArrayList<>();

  /** What one thread does in a stage. */
  interface Pass extends StageClock.Pass, AutoCloseable {
    @Override
    default void close() {}
  }

  /**
   * @param data the split
   * @param input what training makes of the images
   * @param batch examples of a batch
   * @param seconds for each measurement
   */
  public LoaderBench(SplitBlocks data, TrainingInput input, int batch, double seconds) {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    this.data = data;
    this.input = input;
    Check.input(
        (long) batch * data.folder().manifest().image().bytes() < Integer.MAX_VALUE,
        "Invalid batch: %d images of %s (too large for one array)",
        batch,
        data.folder().manifest().image());
    this.batch = batch;
    this.seconds = seconds;
    this.manifest = data.folder().manifest();
  }

  /**
   * Measures each stage on one thread and then on several, and each augmentation by itself on one;
   * the codec's own rate, {@code codec}, is missing for raw images. MB are of encoded images for
   * {@code read}, else of the data's pixels.
   *
   * @param threads how many
   * @throws io.stoker.failure.DamagedException if a shard is missing or damaged
   * @throws IOException if the storage fails
   */
  public List<StageClock.Rate> run(int threads) throws IOException {
    Check.input(threads >= 1, "Invalid threads: %d (must be >= 1)", threads);
    int count = Math.min(BLOCKS, data.rows().length);
    for (int block = 0; block < count; block++) {
      blocks.add(data.folder().readBlock(data.split(), block));
    }
    double pixels = manifest.image().bytes();
    StageClock clock = new StageClock();
    Set<Integer> counts = new LinkedHashSet<>(List.of(1, threads));
    for (int each : counts) {
      add(clock, "read", each, encodedBytes(), () -> this::read);
      if (!(manifest.encoding() instanceof ShardEncoding.Raw)) {
        add(clock, "codec", each, pixels, this::codec);
      }
      add(clock, "decode", each, pixels, this::decoding);
      add(clock, "augment", each, pixels, () -> augmenting(input.augmentations()));
      add(clock, "batch", each, pixels, this::batching);
      add(clock, "loader", each, pixels, () -> this::load);
    }
    for (Augmentation one : distinctParts()) {
      add(clock, "augment " + one.label(), 1, pixels, () -> augmenting(List.of(one)));
    }
    if (input.mixing().isOn()) {
      add(clock, "mix", 1, pixels, this::mixing);
    }
    return clock.measure(seconds);
  }

  /** All augmentations, and in place of a policy its operations. */
  private List<Augmentation> distinctParts() {
    return input.augmentations().stream().flatMap(one -> one.parts().stream()).distinct().toList();
  }

  private static void add(
      StageClock clock, String name, int threads, double bytes, ParallelThroughput.Work work) {
    clock.addMeasured(name, threads, bytes, slice -> ParallelThroughput.rate(threads, slice, work));
  }

  private long rows() {
    return blocks.stream().mapToLong(ShardBlock::rows).sum();
  }

  /** Bytes of an encoded image, on average. */
  private double encodedBytes() {
    long[] bytes = new long[1];
    for (ShardBlock block : blocks) {
      for (int row = 0; row < block.rows(); row++) {
        block.encoded(row, (source, offset, length) -> bytes[0] += length);
      }
    }
    return (double) bytes[0] / rows();
  }

  private long read() throws IOException {
    for (int block = 0; block < blocks.size(); block++) {
      data.folder().readBlock(data.split(), block);
    }
    return rows();
  }

  private Pass codec() {
    BareCodec codec = new BareCodec(manifest.encoding().name());
    return new Pass() {
      @Override
      public long run() throws IOException {
        for (ShardBlock block : blocks) {
          for (int row = 0; row < block.rows(); row++) {
            block.encoded(row, codec::decode);
          }
        }
        return rows();
      }

      @Override
      public void close() {
        codec.close();
      }
    };
  }

  private Pass decoding() {
    byte[] pixels = new byte[manifest.image().bytes()];
    return () -> {
      for (ShardBlock block : blocks) {
        for (int row = 0; row < block.rows(); row++) {
          block.decode(row, pixels);
        }
      }
      return rows();
    };
  }

  private Pass augmenting(List<Augmentation> augmentations) {
    ImageShape image = manifest.image();
    AugmentationChain chain =
        new AugmentationChain(augmentations, image, input.image(), manifest.statistics());
    byte[] source = new byte[image.bytes()];
    byte[] target = new byte[input.image().bytes()];
    blocks.get(0).decode(0, source);
    return () -> {
      for (int i = 0; i < batch; i++) {
        chain.apply(SEED, 0, i, source, target);
      }
      return batch;
    };
  }

  private Pass mixing() {
    ImageShape image = input.image();
    float[] images = new float[batch * image.bytes()];
    float[] other = new float[image.bytes()];
    return () -> {
      for (int i = 0; i < batch; i++) {
        input.mixing().draw(SEED, 0, i, image).apply(images, i * image.bytes(), other, 0, image);
      }
      return batch;
    };
  }

  private Pass batching() {
    Normalization normalization = Normalization.of(manifest.statistics());
    ImageShape image = input.image();
    byte[] source = new byte[manifest.image().bytes()];
    float[] images = new float[batch * image.bytes()];
    blocks.get(0).decode(0, source);
    return () -> {
      for (int i = 0; i < batch; i++) {
        normalization.apply(source, image, images, i * image.bytes());
      }
      return batch;
    };
  }

  /** The blocks as an epoch of training, each read once. */
  private long load() {
    int[] rows = blocks.stream().mapToInt(ShardBlock::rows).toArray();
    EpochPlan plan = EpochPlan.of(rows, SEED, 0, 1, batch);
    SplitBlocks fresh = new SplitBlocks(data.folder(), data.split(), new BlockCache(CACHE_BYTES));
    long images = 0;
    try (BatchReader reader = BatchReader.training(fresh, plan, 0, 0, plan.steps(), input, 1)) {
      while (reader.hasNext()) {
        images += reader.next().examples();
      }
    }
    return images;
  }
}
