// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.augment.View;
import io.stoker.data.augment.Views;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import io.stoker.failure.DamagedException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchReaderTest {
  private static final ImageShape SHAPE = new ImageShape(30, 20, 3);

  @TempDir private Path folder;

  private SplitBlocks data(long cacheBytes, int... rows) throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 4, rows);
    return new SplitBlocks(
        ShardFolder.open(path(), new Configuration()), "train", new BlockCache(cacheBytes));
  }

  private org.apache.hadoop.fs.Path path() {
    return new org.apache.hadoop.fs.Path(folder.toUri());
  }

  private static TrainingInput input(String augmentations) {
    return new TrainingInput(SHAPE, Augmentation.parse(augmentations));
  }

  private static BatchReader sequential(SplitBlocks data, int from, int to, int batch) {
    return BatchReader.sequential(
        data,
        from,
        to,
        batch,
        Views.centre(SHAPE, SHAPE),
        Normalization.of(data.folder().manifest().statistics()));
  }

  /** What the plan says a batch holds, by a naive loop. */
  private static void assertHolds(
      ImageBatch batch, SplitBlocks data, EpochPlan plan, int worker, int step, String augment)
      throws IOException {
    assertHolds(batch, data, plan, worker, step, input(augment));
  }

  private static void assertHolds(
      ImageBatch batch, SplitBlocks data, EpochPlan plan, int worker, int step, TrainingInput input)
      throws IOException {
    AugmentationChain chain =
        new AugmentationChain(
            input.augmentations(), SHAPE, input.image(), data.folder().manifest().statistics());
    int area = input.image().area();
    assertThat(batch.examples()).isEqualTo(plan.examples(worker, step));
    byte[] pixels = new byte[SHAPE.bytes()];
    byte[] augmented = new byte[3 * area];
    float[] expected = new float[3 * area];
    for (int i = 0; i < batch.examples(); i++) {
      long position = plan.position(worker, step, i);
      ShardBlock block = data.folder().readBlock("train", plan.block(position));
      int row = plan.row(position);
      assertThat(batch.sampleIds()[i]).isEqualTo(block.sampleId(row));
      assertThat(batch.labels()[i]).isEqualTo(block.label(row));
      block.decode(row, pixels);
      chain.apply(plan.seed(), plan.epoch(), block.sampleId(row), pixels, augmented);
      for (int channel = 0; channel < 3; channel++) {
        for (int p = 0; p < area; p++) {
          expected[channel * area + p] =
              (float) (((augmented[p * 3 + channel] & 0xFF) - 100.0) / 50.0);
        }
      }
      assertThat(Arrays.copyOfRange(batch.images(), i * 3 * area, (i + 1) * 3 * area))
          .isEqualTo(expected);
    }
  }

  @Test
  void yieldsTheBatchesOfThePlanInItsOrder() throws IOException {
    SplitBlocks data = data(1 << 20, 700, 1100);
    assertThat(data.rows().length).isGreaterThan(2);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 3, 3, 16);
    for (int worker = 0; worker < 3; worker++) {
      int step = 0;
      try (BatchReader reader =
          BatchReader.training(data, plan, worker, 0, plan.steps(), input("shift,flip"))) {
        while (reader.hasNext()) {
          assertHolds(reader.next(), data, plan, worker, step++, "shift,flip");
        }
      }
      assertThat(step).isEqualTo(plan.steps());
    }
  }

  @Test
  @Exact
  void yieldsTheSameWithAnyNumberOfThreads() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Jpeg(90), 4, 70, 30);
    SplitBlocks data =
        new SplitBlocks(
            ShardFolder.open(path(), new Configuration()), "train", new BlockCache(1 << 20));
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 3, 1, 16);
    for (int threads = 1; threads <= 4; threads++) {
      int step = 0;
      try (BatchReader reader =
          BatchReader.training(data, plan, 0, 0, plan.steps(), input("crop,contrast"), threads)) {
        while (reader.hasNext()) {
          assertHolds(reader.next(), data, plan, 0, step++, "crop,contrast");
        }
      }
      assertThat(step).isEqualTo(plan.steps());
    }
  }

  @Test
  void yieldsWindowsOfImagesThatAreLarger() throws IOException {
    SplitBlocks data = data(1 << 20, 100);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 3, 1, 16);
    TrainingInput input =
        new TrainingInput(new ImageShape(17, 12, 3), Augmentation.parse("crop,flip"));
    try (BatchReader reader = BatchReader.training(data, plan, 0, 0, plan.steps(), input)) {
      for (int step = 0; step < plan.steps(); step++) {
        assertHolds(reader.next(), data, plan, 0, step, input);
      }
    }
  }

  @Test
  void yieldsAllViewsOfASampleBesideEachOther() throws IOException {
    SplitBlocks data = data(1 << 20, 40);
    ImageShape shape = new ImageShape(20, 20, 3);
    Views views = new Views(SHAPE, shape, View.ten(SHAPE, shape));
    Normalization plain = new Normalization(List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
    byte[] pixels = new byte[SHAPE.bytes()];
    float[] expected = new float[10 * shape.bytes()];
    int samples = 0;
    try (BatchReader reader =
        BatchReader.sequential(data, 0, data.rows().length, 16, views, plain)) {
      while (reader.hasNext()) {
        ImageBatch batch = reader.next();
        for (int i = 0; i < batch.examples(); i += 10) {
          data.block(0).decode(samples, pixels);
          views.apply(pixels, plain.values(), expected, 0);
          int from = i * shape.bytes();
          assertThat(Arrays.copyOfRange(batch.images(), from, from + expected.length))
              .isEqualTo(expected);
          for (int view = 0; view < 10; view++) {
            assertThat(batch.sampleIds()[i + view]).isEqualTo(1000 + samples);
            assertThat(batch.labels()[i + view]).isEqualTo(samples % 4);
          }
          samples++;
        }
      }
    }
    assertThat(samples).isEqualTo(40);
  }

  @Test
  void startsInTheMiddleOfAnEpoch() throws IOException {
    SplitBlocks data = data(0, 500);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 0, 2, 16);
    try (BatchReader reader = BatchReader.training(data, plan, 1, 5, 8, input(""))) {
      for (int step = 5; step < 8; step++) {
        assertHolds(reader.next(), data, plan, 1, step, "");
      }
      assertThat(reader.hasNext()).isFalse();
      assertThatThrownBy(reader::next).isInstanceOf(java.util.NoSuchElementException.class);
    }
  }

  @Test
  void yieldsEmptyBatchesToWorkersWithoutAShareOfTheLastStep() throws IOException {
    SplitBlocks data = data(1 << 20, 33);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 0, 4, 4);
    try (BatchReader reader = BatchReader.training(data, plan, 3, 0, plan.steps(), input(""))) {
      assertThat(reader.next().examples()).isEqualTo(4);
      assertThat(reader.next().examples()).isEqualTo(4);
      assertThat(reader.next().examples()).isZero();
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @Test
  void readsARangeOfBlocksInOrder() throws IOException {
    SplitBlocks data = data(1 << 20, 700, 1100);
    int[] rows = data.rows();
    List<Long> ids = new ArrayList<>();
    try (BatchReader reader = sequential(data, 1, rows.length, 128)) {
      while (reader.hasNext()) {
        ImageBatch batch = reader.next();
        for (int i = 0; i < batch.examples(); i++) {
          ids.add(batch.sampleIds()[i]);
        }
      }
    }
    assertThat(ids).hasSize(1800 - rows[0]);
    for (int i = 0; i < ids.size(); i++) {
      assertThat(ids.get(i)).isEqualTo(1000L + rows[0] + i);
    }
  }

  @Test
  void reusesItsBatches() throws IOException {
    SplitBlocks data = data(1 << 20, 500);
    java.util.Set<float[]> buffers =
        java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>());
    try (BatchReader reader = sequential(data, 0, data.rows().length, 2)) {
      while (reader.hasNext()) {
        buffers.add(reader.next().images());
      }
    }
    assertThat(buffers).hasSize(BatchReader.MOST_BUFFERS);
  }

  @Test
  void hasManySmallBatchesReadyOrAFewLargeOnes() {
    assertThat(BatchReader.buffers(1000)).isEqualTo(64);
    assertThat(BatchReader.buffers(1 << 20)).isEqualTo(16);
    assertThat(BatchReader.buffers(20 << 20)).isEqualTo(3);
  }

  @Test
  void handsTheReadersFailureToTheConsumer() throws IOException {
    SplitBlocks data = data(1 << 20, 300, 300);
    try (var files = Files.list(folder)) {
      Path second = files.filter(file -> file.toString().contains("00001-of")).findFirst().get();
      byte[] bytes = Files.readAllBytes(second);
      bytes[100] ^= 1;
      Files.write(second, bytes);
    }
    try (BatchReader reader = sequential(data, 0, data.rows().length, 50)) {
      assertThatThrownBy(
              () -> {
                while (reader.hasNext()) {
                  reader.next();
                }
              })
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("train-00001-of-00002.parquet");
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @Test
  void endsItsThreadWhenItIsClosed() throws IOException {
    SplitBlocks data = data(1 << 20, 500);
    for (int batches = 0; batches < 4; batches++) {
      BatchReader reader = sequential(data, 0, data.rows().length, 10);
      for (int i = 0; i < batches; i++) {
        reader.next();
      }
      reader.close();
      reader.close();
      assertThatThrownBy(reader::next).isInstanceOf(IllegalStateException.class);
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("stoker-batches"));
  }

  @Test
  void keepsNoMoreBlocksThanItMay() throws IOException {
    SplitBlocks data = data(3_000_000, 3000, 3000);
    int blocks = data.rows().length;
    assertThat(blocks).isGreaterThan(6);
    for (int block = 0; block < blocks; block++) {
      data.block(block);
      assertThat(data.cache().usedBytes()).isBetween(1L, 3_000_000L);
    }
    ShardBlock last = data.block(blocks - 1);
    assertThat(data.block(blocks - 1)).isSameAs(last);
    data.block(0);
    data.block(1);
    data.block(2);
    assertThat(data.block(blocks - 1)).isNotSameAs(last);
  }

  @Test
  void readsABlockOnceForAllWhoWantItAtTheSameTime() throws Exception {
    SplitBlocks data = data(1 << 24, 500);
    List<ShardBlock> found = java.util.Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  found.add(data.block(0));
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(found).hasSize(8).containsOnly(found.get(0));
  }

  @Test
  void triesFailedReadsAgain() throws IOException {
    TestShards.write(path(), SHAPE, new ShardEncoding.Raw(), 4, 50);
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.flaky.impl", FlakyFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
    ShardFolder shards =
        ShardFolder.open(new org.apache.hadoop.fs.Path("flaky://" + folder), hadoop);

    FlakyFileSystem.failures.set(3);
    BlockCache patient = new BlockCache(0, Duration.ZERO);
    assertThat(patient.block(shards, "train", 0).rows()).isEqualTo(50);

    FlakyFileSystem.failures.set(4);
    assertThatThrownBy(() -> patient.block(shards, "train", 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("flaky");
  }
}
