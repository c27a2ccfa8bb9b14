// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Views;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFile;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading from storage that stumbles and is slow to start again. */
class ReadingFaultsTest {
  private static final ImageShape SHAPE = new ImageShape(30, 20, 3);

  @TempDir private Path folder;
  private SplitBlocks data;
  private EpochPlan plan;

  /** One lane through ten blocks, one block after the other. */
  @BeforeEach
  void writeShards() throws IOException {
    TestShards.write(
        new org.apache.hadoop.fs.Path(folder.toUri()), SHAPE, new ShardEncoding.Raw(), 4, 5500);
    ShardFolder shards =
        ShardFolder.open(new org.apache.hadoop.fs.Path("flaky://" + folder), hadoop());
    data = new SplitBlocks(shards, "train", new BlockCache(0, Duration.ZERO));
    plan = EpochPlan.of(data.rows(), 9, 0, 1, 1);
    assertThat(data.rows().length).isGreaterThanOrEqualTo(8);
    data.block(0); // The shard's hash is compared once, which reads all of it.
  }

  @AfterEach
  void calm() {
    FlakyFileSystem.failures.set(0);
    FlakyFileSystem.cuts.set(0);
  }

  private static Configuration hadoop() {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.flaky.impl", FlakyFileSystem.class, FileSystem.class);
    // Hadoop's statistics do not count the vectored reads of Parquet 1.14 and later.
    hadoop.setBoolean("parquet.hadoop.vectored.io.enabled", false);
    return hadoop;
  }

  private BatchReader readerFrom(int step) {
    return BatchReader.training(
        data,
        plan,
        0,
        step,
        plan.steps(),
        new TrainingInput(SHAPE, Augmentation.parse("shift,color-noise")));
  }

  @Test
  void readNoMoreThanTheStepsThatAreLeftNeed() {
    int from = plan.steps() * 3 / 4;
    Set<Integer> needed = new HashSet<>();
    for (int step = from; step < plan.steps(); step++) {
      needed.add(plan.block(plan.position(0, step, 0)));
    }
    ShardFile shard = data.folder().manifest().split("train").shards().get(0);
    long blockBytes = shard.bytes() / shard.rowGroups().size();

    long before = bytesRead();
    int examples = 0;
    try (BatchReader reader = readerFrom(from)) {
      while (reader.hasNext()) {
        examples += reader.next().examples();
      }
    }
    long read = bytesRead() - before;

    assertThat(examples).isEqualTo(plan.steps() - from);
    assertThat(needed.size()).isBetween(2, data.rows().length / 2);
    assertThat(read).isBetween((needed.size() - 1) * blockBytes, (needed.size() + 1) * blockBytes);
  }

  @Test
  void readEachBlockOnceForAnEvaluation() {
    ShardFile shard = data.folder().manifest().split("train").shards().get(0);
    long before = bytesRead();
    int examples = 0;
    try (BatchReader reader =
        BatchReader.sequential(
            data,
            0,
            data.rows().length,
            64,
            Views.centre(SHAPE, SHAPE),
            Normalization.of(data.folder().manifest().statistics()))) {
      while (reader.hasNext()) {
        examples += reader.next().examples();
      }
    }

    assertThat(examples).isEqualTo(5500);
    assertThat(bytesRead() - before).isLessThan(shard.bytes() * 5 / 4);
  }

  private static long bytesRead() {
    return FileSystem.getGlobalStorageStatistics().get("flaky").getLong("bytesRead");
  }

  @Test
  @Exact
  void failAfterAFewAttemptsAndYieldTheSameBatchesToTheNext() {
    float[][] images = new float[plan.steps()][];
    long[] ids = new long[plan.steps()];
    int done = 0;
    try (BatchReader reader = readerFrom(0)) {
      reader.next();
      FlakyFileSystem.failures.set(Integer.MAX_VALUE);
      done = 1 + readTillItFails(reader, images, ids, 1);
    }
    assertThat(done).isBetween(1, plan.steps() - 1);

    FlakyFileSystem.failures.set(3);
    try (BatchReader retried = readerFrom(0)) {
      for (int step = 0; step < done; step++) {
        ImageBatch batch = retried.next();
        if (step > 0) {
          assertThat(batch.sampleIds()[0]).isEqualTo(ids[step]);
          assertThat(batch.images()).isEqualTo(images[step]);
        }
      }
      assertThat(retried.hasNext()).isTrue();
    }
  }

  /** When the shard's hash is compared, and when its row groups are read. */
  @Test
  void takeAStreamThatEndsEarlyForAHiccup() throws IOException {
    SplitBlocks fresh =
        new SplitBlocks(ShardFolder.open(data.folder().path(), hadoop()), "train", data.cache());
    FlakyFileSystem.cuts.set(2);
    assertThat(fresh.block(1).sampleId(0)).isEqualTo(data.block(1).sampleId(0));
    FlakyFileSystem.cuts.set(2);
    assertThat(fresh.block(2).sampleId(0)).isEqualTo(data.block(2).sampleId(0));
    assertThat(FlakyFileSystem.cuts).hasValue(0);

    FlakyFileSystem.cuts.set(Integer.MAX_VALUE);
    assertThatThrownBy(() -> fresh.block(3))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ended early");
  }

  /** Notes what comes before the failure, and says how many batches that is. */
  private static int readTillItFails(
      BatchReader reader, float[][] images, long[] ids, int firstStep) {
    int[] step = {firstStep};
    assertThatThrownBy(
            () -> {
              while (reader.hasNext()) {
                ImageBatch batch = reader.next();
                images[step[0]] = Arrays.copyOf(batch.images(), SHAPE.bytes());
                ids[step[0]] = batch.sampleIds()[0];
                step[0]++;
              }
            })
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("Cannot read flaky:")
        .hasRootCauseMessage("a flaky network");
    return step[0] - firstStep;
  }
}
