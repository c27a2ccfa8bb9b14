// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.batch.ImageForm;
import io.stoker.data.batch.SizeSchedule;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.shard.ShardFolder;
import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.IdleNetwork;
import io.stoker.worker.TinyShards;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSgdTest {
  private static final int WORKERS = 3;
  private static final int BATCH = 4;
  private static final StepSchedule SCHEDULE =
      step -> new StepSettings(1f / (step + 1), 0.5f, 0.1f);

  @TempDir Path folder;

  private final IdleNetwork network = new IdleNetwork(Zoo.model("perceptron", TinyShards.CLASSES));
  private SplitBlocks data;

  @BeforeEach
  void writeShards() {
    TinyShards.write(folder, List.of(20, 5), 3);
    data =
        new SplitBlocks(
            ShardFolder.open(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration()),
            "train",
            new BlockCache(1 << 20));
  }

  @Test
  void takesEachStepWithItsOwnRateAndDropoutSeed() {
    RoundSteps steps = new RoundSteps(5, 7, 0, 100, 2);

    Measurements result = run(0, 0, 2, steps);

    assertThat(network.steps()).extracting(IdleNetwork.Step::examples).containsExactly(4, 4);
    assertThat(network.steps())
        .extracting(IdleNetwork.Step::settings)
        .containsExactly(SCHEDULE.at(100), SCHEDULE.at(101));
    assertThat(network.steps())
        .extracting(IdleNetwork.Step::dropoutSeed)
        .containsExactly(steps.dropoutSeed(0), steps.dropoutSeed(1))
        .doesNotHaveDuplicates();
    assertThat(result.get(Measure.EXAMPLES)).isEqualTo(8);
    assertThat(result.get(Measure.LOSS_SUM)).isEqualTo(16);
    assertThat(result.get(Measure.CORRECT)).isEqualTo(6);
  }

  @Test
  void leavesOutAStepWithoutExamples() {
    // 25 samples: two full steps of 12, and one sample, which worker 0 has.
    assertThat(run(0, 2, 3, new RoundSteps(5, 0, 0, 2, 1)).get(Measure.EXAMPLES)).isEqualTo(1);
    network.steps().clear();

    Measurements nothing = run(1, 2, 3, new RoundSteps(5, 0, 1, 2, 1));

    assertThat(nothing.get(Measure.EXAMPLES)).isZero();
    assertThat(network.steps()).isEmpty();
  }

  @Test
  void weightsEachExampleByItsClass() {
    ClassWeights weights = new ClassWeights(List.of(1f, 10f, 100f, 1000f));
    List<Float> expected = new ArrayList<>();
    EpochPlan plan = EpochPlan.of(data.rows(), 5, 0, WORKERS, BATCH);
    try (BatchReader reader =
            BatchReader.training(data, plan, 0, 0, 2, TrainingInput.plain(TinyShards.SHAPE));
        BatchReader again =
            BatchReader.training(data, plan, 0, 0, 2, TrainingInput.plain(TinyShards.SHAPE))) {
      for (int step = 0; step < 2; step++) {
        ImageBatch batch = reader.next();
        for (int example = 0; example < batch.examples(); example++) {
          expected.add(weights.values().get(batch.labels()[example]));
        }
      }
      LocalSgd.run(
          network, again::next, new RoundSteps(5, 7, 0, 0, 2), weighted(weights), taken -> {});
    }

    assertThat(network.weights()).isEqualTo(expected).hasSize(8);
    run(0, 0, 2, new RoundSteps(5, 7, 0, 0, 2));
    assertThat(network.weights().subList(8, 16)).as("without weights").containsOnly(1f);
  }

  @Test
  void weightsOfSamplesMultiplyThoseOfTheirClasses() {
    Path weighted = folder.resolve("weighted");
    TinyShards.writeWeighted(weighted, List.of(20, 5), 3);
    SplitBlocks blocks =
        new SplitBlocks(
            ShardFolder.open(new org.apache.hadoop.fs.Path(weighted.toUri()), new Configuration()),
            "train",
            new BlockCache(1 << 20));
    ClassWeights ofClasses = new ClassWeights(List.of(1f, 10f, 100f, 1000f));
    EpochPlan plan = EpochPlan.of(blocks.rows(), 5, 0, WORKERS, BATCH);
    TrainingInput input = TrainingInput.plain(TinyShards.SHAPE);
    List<Float> samples = new ArrayList<>();
    List<Float> both = new ArrayList<>();
    try (BatchReader reader = BatchReader.training(blocks, plan, 0, 0, 2, input)) {
      while (reader.hasNext()) {
        ImageBatch batch = reader.next();
        assertThat(batch.isWeighted()).isTrue();
        for (int i = 0; i < batch.examples(); i++) {
          float own = TinyShards.weight(batch.sampleIds()[i]);
          samples.add(own);
          both.add(own * ofClasses.values().get(batch.labels()[i]));
        }
      }
    }

    try (BatchReader reader = BatchReader.training(blocks, plan, 0, 0, 2, input)) {
      LocalSgd.run(network, reader::next, new RoundSteps(5, 7, 0, 0, 2), SCHEDULE, taken -> {});
    }
    assertThat(network.weights()).isEqualTo(samples).hasSize(8);
    network.weights().clear();
    try (BatchReader reader = BatchReader.training(blocks, plan, 0, 0, 2, input)) {
      LocalSgd.run(
          network, reader::next, new RoundSteps(5, 7, 0, 0, 2), weighted(ofClasses), taken -> {});
    }
    assertThat(network.weights()).isEqualTo(both).hasSize(8);
  }

  @Test
  void trainsOnBytesAsOnNormalizedImages() {
    EpochPlan plan = EpochPlan.of(data.rows(), 5, 0, WORKERS, BATCH);
    RoundSteps steps = new RoundSteps(5, 7, 0, 0, 2);
    Measurements expected = run(0, 0, 2, steps);
    List<IdleNetwork.Step> expectedSteps = List.copyOf(network.steps());
    network.steps().clear();
    TrainingInput input =
        new TrainingInput(
            TinyShards.SHAPE,
            List.of(),
            Mixing.NONE,
            Optional.empty(),
            ImageForm.BYTES,
            SizeSchedule.NONE);

    Measurements result;
    try (BatchReader reader = BatchReader.training(data, plan, 0, 0, 2, input)) {
      result = LocalSgd.run(network, reader::next, steps, SCHEDULE, taken -> {});
    }

    assertThat(result.get(Measure.LOSS_SUM)).isEqualTo(expected.get(Measure.LOSS_SUM));
    assertThat(network.steps()).isEqualTo(expectedSteps);
    assertThat(network.weights()).hasSize(16).containsOnly(1f);
  }

  private static StepSchedule weighted(ClassWeights weights) {
    return new StepSchedule() {
      @Override
      public StepSettings at(long step) {
        return SCHEDULE.at(step);
      }

      @Override
      public Optional<ClassWeights> classWeights() {
        return Optional.of(weights);
      }
    };
  }

  @Test
  void dropsOtherUnitsForEachWorkerRoundAndSeed() {
    assertThat(
            List.of(
                new RoundSteps(5, 7, 0, 0, 1).dropoutSeed(0),
                new RoundSteps(5, 7, 0, 0, 1).dropoutSeed(1),
                new RoundSteps(5, 7, 1, 0, 1).dropoutSeed(0),
                new RoundSteps(5, 8, 0, 0, 1).dropoutSeed(0),
                new RoundSteps(6, 7, 0, 0, 1).dropoutSeed(0)))
        .doesNotHaveDuplicates();
  }

  private Measurements run(int worker, int from, int to, RoundSteps steps) {
    EpochPlan plan = EpochPlan.of(data.rows(), 5, 0, WORKERS, BATCH);
    try (BatchReader reader =
        BatchReader.training(data, plan, worker, from, to, TrainingInput.plain(TinyShards.SHAPE))) {
      return LocalSgd.run(network, reader::next, steps, SCHEDULE, taken -> {});
    }
  }
}
