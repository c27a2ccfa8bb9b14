// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.measure.StageClock;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoaderBenchTest {
  private static final ImageShape SHAPE = new ImageShape(30, 20, 3);

  @TempDir private Path folder;

  private SplitBlocks data(ShardEncoding encoding) throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    TestShards.write(path, SHAPE, encoding, 4, 70);
    return new SplitBlocks(ShardFolder.open(path, new Configuration()), "train", new BlockCache(0));
  }

  @Test
  void measuresEachStageAndTheCodecNextToThem() throws IOException {
    SplitBlocks data = data(new ShardEncoding.Jpeg(90));
    TrainingInput input = new TrainingInput(SHAPE, Augmentation.parse("flip"));

    List<StageClock.Rate> rates = new LoaderBench(data, input, 16, 0.05).run(2);

    assertThat(rates)
        .extracting(rate -> rate.stage() + " " + rate.threads())
        .containsExactly(
            "read 1",
            "codec 1",
            "decode 1",
            "augment 1",
            "batch 1",
            "loader 1",
            "read 2",
            "codec 2",
            "decode 2",
            "augment 2",
            "batch 2",
            "loader 2",
            "augment flip 1");
    assertThat(rates).allSatisfy(rate -> assertThat(rate.imagesPerSecond()).isPositive());
  }

  @Test
  void measuresEachAugmentationEachOperationOfAPolicyAndMixing() throws IOException {
    SplitBlocks data = data(new ShardEncoding.Raw());
    TrainingInput input =
        new TrainingInput(
            data.folder().manifest().image(),
            Augmentation.parse("crop=4:reflect,erase=p=1,trivial-augment"),
            new Mixing(0.2, 1));

    List<StageClock.Rate> rates = new LoaderBench(data, input, 16, 0.01).run(1);

    assertThat(rates)
        .extracting(StageClock.Rate::stage)
        .contains("augment crop", "augment random-erasing", "augment shear-x", "mix")
        .filteredOn(stage -> stage.startsWith("augment "))
        .hasSize(2 + 14);
    assertThat(rates).allSatisfy(rate -> assertThat(rate.imagesPerSecond()).isPositive());
  }
}
