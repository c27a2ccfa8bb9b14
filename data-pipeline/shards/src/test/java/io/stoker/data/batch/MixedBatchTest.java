// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mix;
import io.stoker.data.augment.Mixing;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MixedBatchTest {
  private static final ImageShape SHAPE = new ImageShape(5, 4, 3);
  private static final List<Augmentation> AUGMENTATIONS = Augmentation.parse("crop,flip");
  private static final Mixing MIXUP = new Mixing(0.7, 0);

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
  private Map<Long, Example> read(int workers, int batch, Mixing mixing) {
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 2, workers, batch);
    TrainingInput input = new TrainingInput(SHAPE, AUGMENTATIONS, mixing);
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
    Map<Long, Example> plain = read(1, 16, Mixing.NONE);
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
        float share = MIXUP.draw(9, 2, id, SHAPE).share();
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

  /** With both by lot, pairs are mixed in four ways: the naive loop over pixels. */
  @Test
  void putsPartsOfItsNeighbourInAnExamplesPlace() {
    Mixing both = new Mixing(0.7, 1);
    Map<Long, Example> plain = read(1, 16, Mixing.NONE);
    Map<Long, Example> mixed = read(1, 16, both);
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 2, 1, 16);
    Set<List<Boolean>> ways = new HashSet<>();
    for (int step = 0; step < 3; step++) {
      for (int example = 0; example < 16; example++) {
        long id = id(plan, step, example);
        long neighbour = id(plan, step, example ^ 1);
        Mix mix = both.draw(9, 2, id, SHAPE);
        ways.add(
            List.of(
                mix instanceof Mix.Patch, both.draw(9, 2, neighbour, SHAPE) instanceof Mix.Patch));
        Example own = plain.get(id);
        Example other = plain.get(neighbour);
        if (mix instanceof Mix.Patch patch) {
          Float[] expected = own.image().toArray(Float[]::new);
          for (int at = 0; at < expected.length; at++) {
            int y = at / 4 % 5;
            int x = at % 4;
            if (y >= patch.top() && y < patch.bottom() && x >= patch.left() && x < patch.right()) {
              expected[at] = other.image().get(at);
            }
          }
          int area = (patch.bottom() - patch.top()) * (patch.right() - patch.left());
          assertThat(mixed.get(id))
              .isEqualTo(
                  new Example(List.of(expected), own.label(), other.label(), 1 - area / 20f));
        }
      }
    }
    assertThat(ways).hasSize(4);
  }

  @Test
  void leavesExamplesAsTheyAreWithoutIt() {
    assertThat(read(1, 16, Mixing.NONE).values())
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
    ImageBatch batch = new ImageBatch(3, 1, 1, ImageForm.NORMALIZED, new float[0][]);
    batch.samples(3);
    for (int sample = 0; sample < 3; sample++) {
      batch.describe(sample, sample, 100 + sample);
      batch.weigh(sample, 1 + sample);
    }

    batch.mixNeighbours(id -> new Mix.Mean(0.25f), new ImageShape(1, 1, 1));

    assertThat(batch.weights()).containsExactly(1, 2, 3);
    assertThat(batch.otherWeights()).containsExactly(2, 1, 3);
    assertThat(batch.isWeighted()).isTrue();
    batch.samples(1);
    assertThat(batch.isWeighted()).as("a single example").isFalse();
  }

  /** The first copy is what the sample is without repeats, the others are drawn by themselves. */
  @Test
  void augmentsAndMixesEachCopyOfASampleInItsOwnWay() {
    EpochPlan plan = EpochPlan.of(data.rows(), 9, 2, 1, 16).repeated(4);
    TrainingInput input =
        new TrainingInput(
            SHAPE, Augmentation.parse("erase=p=1:area=0.2-0.3:fill=noise"), new Mixing(1, 0));
    TrainingInput unmixed = new TrainingInput(SHAPE, input.augmentations());
    try (BatchReader mixed = BatchReader.training(data, plan, 0, 0, 1, input);
        BatchReader reader = BatchReader.training(data, plan, 0, 0, 1, unmixed)) {
      ImageBatch batch = reader.next();
      float[] shares = mixed.next().shares();
      Set<List<Float>> images = new HashSet<>();
      Set<Float> distinct = new HashSet<>();
      for (int example = 0; example < 16; example++) {
        long id = batch.sampleIds()[example];
        assertThat(id).isEqualTo(batch.sampleIds()[example % 4]);
        Float[] image = new Float[SHAPE.bytes()];
        int first = example * image.length;
        Arrays.setAll(image, at -> batch.images()[first + at]);
        images.add(List.of(image));
        distinct.add(shares[example]);
        assertThat(shares[example])
            .isEqualTo(input.mixing().draw(9, 2, EpochPlan.copyId(id, example / 4), SHAPE).share());
      }
      assertThat(images).hasSize(16);
      assertThat(distinct).hasSize(16);
    }
  }
}
