// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixup;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.TestShards;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MixedBatchTest {
  private static final ImageShape SHAPE = new ImageShape(5, 4, 3);
  private static final List<Augmentation> AUGMENTATIONS = Augmentation.parse("crop,flip");
  private static final Mixup MIXUP = new Mixup(0.7);

  /** 53 samples: in steps of 16 three full ones, and one of 5. */
  private static final int SAMPLES = 53;

  @TempDir private Path folder;
  private SplitBlocks data;

  /** An example as the network is given it. */
  private record Example(List<Float> image, int label, int other, float share) {}

  @BeforeEach
  void writeShards() throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    TestShards.write(path, SHAPE, new ShardEncoding.Raw(), 4, SAMPLES);
    data =
        new SplitBlocks(
            ShardFolder.open(path, new Configuration()), "train", new BlockCache(1 << 20));
  }

  /** All examples of an epoch by sample id. */
  private Map<Long, Example> read(int workers, int batch, Mixup mixup) {
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 2, workers, batch);
    TrainingInput input = new TrainingInput(SHAPE, AUGMENTATIONS, mixup);
    Map<Long, Example> examples = new TreeMap<>();
    for (int worker = 0; worker < workers; worker++) {
      try (BatchReader reader = BatchReader.training(data, plan, worker, 0, plan.steps(), input)) {
        while (reader.hasNext()) {
          ImageBatch images = reader.next();
          for (int i = 0; i < images.examples(); i++) {
            Float[] image = new Float[SHAPE.bytes()];
            int first = i * image.length;
            Arrays.setAll(image, at -> images.images()[first + at]);
            examples.put(
                images.sampleIds()[i],
                new Example(
                    List.of(image),
                    images.labels()[i],
                    images.otherLabels()[i],
                    images.shares()[i]));
          }
        }
      }
    }
    return examples;
  }

  @Test
  void mixesEachExampleWithItsNeighbourAfterTheAugmentations() {
    Map<Long, Example> plain = read(1, 16, Mixup.NONE);
    Map<Long, Example> mixed = read(1, 16, MIXUP);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 2, 1, 16);
    int alone = 0;
    for (int step = 0; step < plan.steps(); step++) {
      for (int example = 0; example < plan.examples(0, step); example++) {
        int neighbour = example % 2 == 0 ? example + 1 : example - 1;
        long id = id(plan, step, example);
        if (neighbour == plan.examples(0, step)) {
          assertThat(mixed.get(id)).isEqualTo(plain.get(id));
          alone++;
          continue;
        }
        float share = MIXUP.share(9, 2, id);
        Example own = plain.get(id);
        Example other = plain.get(id(plan, step, neighbour));
        Float[] mean = new Float[SHAPE.bytes()];
        for (int at = 0; at < mean.length; at++) {
          mean[at] = share * own.image().get(at) + (1 - share) * other.image().get(at);
        }
        assertThat(mixed.get(id))
            .isEqualTo(new Example(List.of(mean), own.label(), other.label(), share));
      }
    }
    assertThat(alone).isEqualTo(1);
  }

  private static long id(EpochPlan plan, int step, int example) {
    return 1000L + plan.row(plan.position(0, step, example));
  }

  @Test
  void leavesExamplesAsTheyAreWithoutIt() {
    assertThat(read(1, 16, Mixup.NONE).values())
        .hasSize(SAMPLES)
        .allSatisfy(
            example -> {
              assertThat(example.share()).isEqualTo(1);
              assertThat(example.other()).isEqualTo(example.label());
            });
  }

  @Test
  void doesNotDependOnHowTheGlobalBatchIsShared() {
    Map<Long, Example> one = read(1, 16, MIXUP);
    Map<Long, Example> four = read(4, 4, MIXUP);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 2, 1, 16);
    for (int step = 0; step < 3; step++) { // The last one has no full batches.
      for (int example = 0; example < 16; example++) {
        long id = id(plan, step, example);
        assertThat(four.get(id)).isEqualTo(one.get(id));
      }
    }
  }

  @Test
  void anExampleHasTheWeightsOfBothImagesThatItIsMixedOf() {
    ImageBatch batch = new ImageBatch(3, 1);
    batch.samples(3);
    for (int sample = 0; sample < 3; sample++) {
      batch.describe(sample, sample, 100 + sample);
      batch.weigh(sample, 1 + sample);
    }

    batch.mixNeighbours(id -> 0.25f);

    assertThat(batch.weights()).containsExactly(1, 2, 3);
    assertThat(batch.otherWeights()).containsExactly(2, 1, 3);
    assertThat(batch.isWeighted()).isTrue();
    batch.samples(1);
    assertThat(batch.isWeighted()).as("a single example").isFalse();
  }
}
