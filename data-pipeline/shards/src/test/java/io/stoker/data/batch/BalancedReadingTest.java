// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.plan.Sampling;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import io.stoker.failure.DamagedException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BalancedReadingTest {
  private static final ImageShape SHAPE = new ImageShape(24, 24, 3);

  @TempDir private java.nio.file.Path folder;

  /** 1,630 samples in two shards of several blocks: class 0 has nine of ten, class 2 has none. */
  private SplitBlocks unbalanced() throws IOException {
    Path path = new Path(folder.toUri());
    TestShards.write(
        path,
        SHAPE,
        new ShardEncoding.Raw(),
        4,
        index -> index % 10 > 0 ? 0 : index % 20 == 0 ? 1 : 3,
        900,
        730);
    return open();
  }

  private SplitBlocks open() {
    return new SplitBlocks(
        ShardFolder.open(new Path(folder.toUri()), new Configuration()),
        "train",
        new BlockCache(1 << 24));
  }

  @Test
  void givesEachClassEquallyManyExamples() throws IOException {
    SplitBlocks data = unbalanced();
    EpochPlan plan = data.plan(Sampling.BALANCED, 5, 2, 2, 16);
    assertThat(data.rows().length).isGreaterThan(2);
    Map<Integer, Integer> perClass = new HashMap<>();
    Map<Long, Integer> perSample = new HashMap<>();
    for (int worker = 0; worker < 2; worker++) {
      try (BatchReader reader =
          BatchReader.training(data, plan, worker, 0, plan.steps(), TrainingInput.plain(SHAPE))) {
        while (reader.hasNext()) {
          ImageBatch batch = reader.next();
          for (int i = 0; i < batch.examples(); i++) {
            perClass.merge(batch.labels()[i], 1, Integer::sum);
            perSample.merge(batch.sampleIds()[i], 1, Integer::sum);
          }
        }
      }
    }
    assertThat(perClass).containsExactlyInAnyOrderEntriesOf(Map.of(0, 544, 1, 543, 3, 543));
    // Of class 1 there are 82: each comes 6 or 7 times.
    for (long index = 0; index < 1630; index += 20) {
      assertThat(perSample.get(1000 + index)).isBetween(6, 7);
    }
  }

  /** A reader that begins at a later step has the batches that one from the start has there. */
  @Test
  @Exact
  void givesTheSameBatchesFromAnyStep() throws IOException {
    SplitBlocks data = unbalanced();
    EpochPlan plan = data.plan(Sampling.BALANCED, 5, 0, 2, 16);
    long[][] ids = new long[plan.steps()][];
    try (BatchReader reader =
        BatchReader.training(data, plan, 1, 0, plan.steps(), TrainingInput.plain(SHAPE))) {
      for (int step = 0; step < ids.length; step++) {
        ImageBatch batch = reader.next();
        ids[step] = java.util.Arrays.copyOf(batch.sampleIds(), batch.examples());
      }
    }
    EpochPlan again = open().plan(Sampling.BALANCED, 5, 0, 2, 16);
    try (BatchReader reader =
        BatchReader.training(open(), again, 1, 20, plan.steps(), TrainingInput.plain(SHAPE))) {
      for (int step = 20; step < ids.length; step++) {
        ImageBatch batch = reader.next();
        assertThat(java.util.Arrays.copyOf(batch.sampleIds(), batch.examples()))
            .isEqualTo(ids[step]);
      }
    }
  }

  @Test
  void needsNoLabelsForANaturalEpoch() throws IOException {
    SplitBlocks data = unbalanced();
    Files.delete(folder.resolve("train-00001-of-00002.parquet"));
    SplitBlocks broken = open();
    assertThat(broken.plan(Sampling.NATURAL, 5, 0, 2, 16).steps())
        .isEqualTo(data.plan(Sampling.NATURAL, 5, 0, 2, 16).steps());
    assertThatThrownBy(() -> broken.plan(Sampling.BALANCED, 5, 0, 2, 16))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("train-00001-of-00002.parquet: it is missing");
  }

  @Test
  void refusesLabelsThatTheManifestDoesNotCount() throws IOException {
    unbalanced();
    java.nio.file.Path manifest = folder.resolve("manifest.json");
    String text = Files.readString(manifest, StandardCharsets.UTF_8);
    Files.writeString(manifest, text.replace("1467, 82, 0, 81", "1467, 81, 0, 82"));
    Files.delete(folder.resolve("manifest.sha256"));
    assertThatThrownBy(() -> open().plan(Sampling.BALANCED, 5, 0, 2, 16))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("do not have the labels that the manifest counts");
  }
}
