package io.stoker.data.batch;

import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.image.BareCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardManifest;
import io.stoker.failure.Check;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how fast a split is read in training: each stage by itself on one core, the whole of it
 * on one core and on several, and the bare codec beside them.
 */
public final class LoaderBench {
  private static final double NANOSECONDS = 1e9;
  private static final double MEGA = 1e6;

  /** Slices of each measurement; they take turns, so that whatever slows the machine slows all. */
  private static final int ROUNDS = 7;

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

  /**
   * What was measured: medians.
   *
   * @param stage which
   * @param threads how many at work
   * @param imagesPerSecond images in all
   * @param megabytesPerSecond 10^6 bytes in all: of encoded images for {@code read}, else of pixels
   */
  public record Rate(
      String stage, int threads, double imagesPerSecond, double megabytesPerSecond) {}

  /** Goes over the images once, and says how many there were. */
  private interface Pass {
    long run() throws IOException;
  }

  private record Stage(String name, int threads, double bytes, Pass pass) {}

  /**
   * @param data the split
   * @param input what training makes of the images
   * @param batch examples of a batch
   * @param seconds for each stage
   */
  public LoaderBench(SplitBlocks data, TrainingInput input, int batch, double seconds) {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(seconds > 0, "Invalid seconds: %s (must be > 0)", seconds);
    this.data = data;
    this.input = input;
    this.batch = batch;
    this.seconds = seconds;
    this.manifest = data.folder().manifest();
  }

  /**
   * Measures; the codec's own rate, {@code codec}, is missing for raw images.
   *
   * @param threads of the last measurement; the others have one
   * @throws io.stoker.failure.DamagedException if a shard is missing or damaged
   * @throws IOException if the storage fails
   */
  public List<Rate> run(int threads) throws IOException {
    Check.input(threads >= 1, "Invalid threads: %d (must be >= 1)", threads);
    int count = Math.min(BLOCKS, data.rows().length);
    for (int block = 0; block < count; block++) {
      blocks.add(data.folder().readBlock(data.split(), block));
    }
    ImageShape shape = manifest.image();
    byte[] pixels = new byte[shape.bytes()];
    try (BareCodec codec = new BareCodec(manifest.encoding().name())) {
      List<Stage> stages = new ArrayList<>();
      stages.add(new Stage("read", 1, encodedBytes(), this::read));
      if (!(manifest.encoding() instanceof ShardEncoding.Raw)) {
        stages.add(new Stage("codec", 1, shape.bytes(), () -> decodeBarely(codec)));
      }
      stages.add(new Stage("decode", 1, shape.bytes(), () -> decode(pixels)));
      stages.add(new Stage("augment", 1, shape.bytes(), augmenting()));
      stages.add(new Stage("batch", 1, shape.bytes(), batching()));
      stages.add(new Stage("loader", 1, shape.bytes(), () -> load(1)));
      if (threads > 1) {
        stages.add(new Stage("loader", threads, shape.bytes(), () -> load(threads)));
      }
      return measure(stages);
    }
  }

  private List<Rate> measure(List<Stage> stages) throws IOException {
    double[][] rates = new double[stages.size()][ROUNDS];
    for (int round = -1; round < ROUNDS; round++) { // The first one is for warming up.
      for (int i = 0; i < stages.size(); i++) {
        double rate = imagesPerSecond(stages.get(i).pass(), seconds / ROUNDS);
        if (round >= 0) {
          rates[i][round] = rate;
        }
      }
    }
    List<Rate> result = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      Stage stage = stages.get(i);
      Arrays.sort(rates[i]);
      double median = rates[i][ROUNDS / 2];
      result.add(new Rate(stage.name, stage.threads, median, median * stage.bytes / MEGA));
    }
    return result;
  }

  private static double imagesPerSecond(Pass pass, double seconds) throws IOException {
    long images = 0;
    long begin = System.nanoTime();
    double elapsed;
    do {
      images += pass.run();
      elapsed = (System.nanoTime() - begin) / NANOSECONDS;
    } while (elapsed < seconds);
    return images / elapsed;
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

  private long decodeBarely(BareCodec codec) throws IOException {
    for (ShardBlock block : blocks) {
      for (int row = 0; row < block.rows(); row++) {
        block.encoded(row, codec::decode);
      }
    }
    return rows();
  }

  private long decode(byte[] pixels) {
    for (ShardBlock block : blocks) {
      for (int row = 0; row < block.rows(); row++) {
        block.decode(row, pixels);
      }
    }
    return rows();
  }

  private Pass augmenting() {
    ImageShape shape = manifest.image();
    AugmentationChain chain =
        new AugmentationChain(input.augmentations(), shape, input.image(), manifest.statistics());
    byte[] source = new byte[shape.bytes()];
    byte[] target = new byte[input.image().bytes()];
    blocks.get(0).decode(0, source);
    return () -> {
      for (int i = 0; i < batch; i++) {
        chain.apply(SEED, 0, i, source, target);
      }
      return batch;
    };
  }

  private Pass batching() {
    Normalization normalization = Normalization.of(manifest.statistics());
    ImageShape shape = input.image();
    byte[] source = new byte[manifest.image().bytes()];
    ImageBatch target = new ImageBatch(batch, 1, shape.bytes());
    blocks.get(0).decode(0, source);
    return () -> {
      for (int i = 0; i < batch; i++) {
        normalization.apply(source, shape, target.images(), target.offset(i));
      }
      return batch;
    };
  }

  /** The blocks as an epoch of training, each read once. */
  private long load(int threads) {
    int[] rows = blocks.stream().mapToInt(ShardBlock::rows).toArray();
    EpochPlan plan = EpochPlan.of(rows, SEED, 0, 1, batch);
    SplitBlocks fresh = new SplitBlocks(data.folder(), data.split(), new BlockCache(CACHE_BYTES));
    long images = 0;
    try (BatchReader reader =
        BatchReader.training(fresh, plan, 0, 0, plan.steps(), input, threads)) {
      while (reader.hasNext()) {
        images += reader.next().examples();
      }
    }
    return images;
  }
}
