// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.ImageSources;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The data set that comes with Stoker. */
@Tag("slow")
class MnistTest {
  @Test
  void isAllThereAndReadInOnePass(@TempDir Path folder) {
    ShardManifest manifest;
    try (JavaSparkContext spark = TestSpark.local(2)) {
      manifest =
          new PrepareJob(
                  spark,
                  PrepareOptions.builder()
                      .source(ImageSources.named("idx"))
                      .input(new org.apache.hadoop.fs.Path("../../examples/mnist"))
                      .output(new org.apache.hadoop.fs.Path(folder.toUri()))
                      .build())
              .run()
              .manifest();
    }
    assertThat(manifest.split("train").samplesPerClass())
        .containsExactly(5923L, 6742L, 5958L, 6131L, 5842L, 5421L, 5918L, 6265L, 5851L, 5949L);
    assertThat(manifest.split("test").samplesPerClass())
        .containsExactly(980L, 1135L, 1032L, 1010L, 982L, 892L, 958L, 1028L, 974L, 1009L);
    assertThat(manifest.statistics().mean().get(0)).isCloseTo(33.318, within(0.001));
    assertThat(manifest.statistics().standardDeviation().get(0)).isCloseTo(78.567, within(0.001));
    assertThat(manifest.ignored())
        .containsExactly("README.md", "lenet5-augmented.yaml", "lenet5.yaml", "row-lstm.yaml");

    SplitBlocks data =
        new SplitBlocks(
            ShardFolder.open(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration()),
            "train",
            new BlockCache(64 << 20));
    EpochPlan plan = EpochPlan.of(data.rows(), 1, 0, 1, 64);
    int examples = 0;
    double sum = 0;
    double squares = 0;
    try (BatchReader reader =
        BatchReader.training(
            data,
            plan,
            0,
            0,
            plan.steps(),
            TrainingInput.plain(data.folder().manifest().image()))) {
      while (reader.hasNext()) {
        ImageBatch batch = reader.next();
        examples += batch.examples();
        for (int i = 0; i < batch.examples() * 784; i++) {
          sum += batch.images()[i];
          squares += (double) batch.images()[i] * batch.images()[i];
        }
      }
    }
    assertThat(examples).isEqualTo(60_000);
    assertThat(sum / (60_000 * 784)).isCloseTo(0, within(1e-5));
    assertThat(squares / (60_000 * 784)).isCloseTo(1, within(1e-5));
  }
}
