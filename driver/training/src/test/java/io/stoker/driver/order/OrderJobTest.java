// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.augment.Mixing;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.plan.Sampling;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.round.TrainResult;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import io.stoker.worker.TinyShards;
import io.stoker.worker.runtime.TrainingData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the workers are given, on one slot and on two. */
@Exact
class OrderJobTest {
  @TempDir private Path folder;

  private static OrderRequest request(TinyJob job, int epoch, int workers, int batch) {
    return new OrderRequest(
        job.data().toString(),
        "train",
        new TrainingData.Images(TinyShards.SHAPE, "shift,flip", Mixing.NONE),
        new TrainingData.Order(Sampling.NATURAL, 1, 3, workers, batch),
        epoch);
  }

  @Test
  void isThePlansWhateverTheSlots() throws IOException {
    TinyJob job = TinyJob.in(folder);
    List<EpochOrder> orders = new ArrayList<>();
    for (String master : List.of("local[1]", "local[2]")) {
      try (JavaSparkContext spark = LocalSpark.start(master)) {
        orders.add(OrderJob.run(spark, request(job, 1, 4, 8)));
        orders.add(OrderJob.run(spark, request(job, 1, 2, 16)));
        orders.add(OrderJob.run(spark, request(job, 2, 4, 8)));
        orders.add(OrderJob.run(spark, request(job, 1, 4, 8)));
      }
    }

    assertThat(orders.get(0).samples()).isEqualTo(271);
    assertThat(orders.get(0).workers().stream().map(EpochOrder.Share::steps).toList())
        .usingRecursiveComparison()
        .isEqualTo(planned(job, 1, 4, 8));
    for (int i = 0; i < 4; i++) {
      assertThat(orders.get(4 + i).workers())
          .usingRecursiveComparison()
          .isEqualTo(orders.get(i).workers());
    }
    assertThat(orders)
        .extracting(EpochOrder::orderSha256)
        .containsOnly(orders.get(0).orderSha256(), orders.get(2).orderSha256());
    assertThat(orders.get(1).orderSha256()).isEqualTo(orders.get(0).orderSha256());
    assertThat(orders.get(2).orderSha256()).isNotEqualTo(orders.get(0).orderSha256());
    assertThat(orders.get(3).batchesSha256()).isEqualTo(orders.get(0).batchesSha256());
  }

  @Test
  void mixesTheBatchesInTheSameOrder() throws IOException {
    TinyJob job = TinyJob.in(folder);
    OrderRequest plain = request(job, 1, 2, 8);
    OrderRequest mixed =
        new OrderRequest(
            plain.data(),
            plain.split(),
            new TrainingData.Images(TinyShards.SHAPE, "shift,flip", new Mixing(0.5, 0)),
            plain.order(),
            plain.epoch());
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      EpochOrder expected = OrderJob.run(spark, plain);
      EpochOrder order = OrderJob.run(spark, mixed);

      assertThat(order.orderSha256()).isEqualTo(expected.orderSha256());
      assertThat(order.batchesSha256()).isNotEqualTo(expected.batchesSha256());
    }
  }

  /** The naive loop over the plan. */
  private static List<long[][]> planned(TinyJob job, int epoch, int workers, int batch)
      throws IOException {
    ShardFolder shards =
        ShardFolder.open(new org.apache.hadoop.fs.Path(job.data().toUri()), new Configuration());
    EpochPlan plan =
        EpochPlan.of(shards.manifest().split("train").blockRows(), 3, epoch, workers, batch);
    List<long[][]> all = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      long[][] steps = new long[plan.steps()][];
      for (int step = 0; step < steps.length; step++) {
        steps[step] = new long[plan.examples(worker, step)];
        for (int i = 0; i < steps[step].length; i++) {
          long position = plan.position(worker, step, i);
          ShardBlock block = shards.readBlock("train", plan.block(position));
          steps[step][i] = block.sampleId(plan.row(position));
        }
      }
      all.add(steps);
    }
    return all;
  }

  @Test
  void mixesTheSameOnAnyNumberOfSlotsAndWithEitherEngine() {
    TinyJob job = TinyJob.in(folder);
    List<TrainResult> results = new ArrayList<>();
    for (String master : List.of("local[1]", "local[2]")) {
      try (JavaSparkContext spark = LocalSpark.start(master)) {
        results.add(TinyJob.train(spark, job.config("mixed" + master).set("mixup", 0.4)));
        results.add(TinyJob.train(spark, job.config("plain" + master)));
        results.add(TinyJob.train(spark, lots(job, "lots" + master)));
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(results.get(3 + i).parametersSha256())
          .isEqualTo(results.get(i).parametersSha256())
          .isNotEqualTo(results.get((i + 1) % 3).parametersSha256());
    }

    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainResult stock =
          TinyJob.train(spark, job.config("stock").set("mixup", 0.4).engine("dl4j"));
      assertThat(TinyJob.parameters(stock.checkpoint()))
          .usingComparatorWithPrecision(1e-4f)
          .containsExactly(TinyJob.parameters(results.get(0).checkpoint()));
    }
  }

  @Test
  void goesOnWithTheSameAugmentedBitsAfterAStop() {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      String expected =
          TinyJob.train(spark, lots(job, "whole").checkpointEvery(1)).parametersSha256();
      TrainingConfig.Builder stopped = lots(job, "stopped").checkpointEvery(1);
      TinyJob.stop(spark, stopped, 3);
      assertThat(TinyJob.resume(spark, stopped).parametersSha256()).isEqualTo(expected);
    }
  }

  private static TrainingConfig.Builder lots(TinyJob job, String run) {
    return job.config(run)
        .set("mixup", 0.4)
        .set("cutmix", 1)
        .set("label_smoothing", 0.1)
        .set("repeats", 4)
        .augmentations(
            List.of(
                "crop=2:reflect", "flip=alternate", "trivial-augment", "erase=p=0.5:fill=noise"));
  }

  @Test
  void refusesJobsThatCannotBe() {
    TinyJob job = TinyJob.in(folder);
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      assertThatThrownBy(() -> OrderJob.run(spark, request(job, -1, 4, 8)))
          .isInstanceOf(InputException.class)
          .hasMessage("Invalid epoch: -1 (must be >= 0)");
      assertThatThrownBy(() -> OrderJob.run(spark, request(job, 0, 0, 8)))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("Invalid number of workers: 0");
    }
  }
}
