// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.slice.InitialValues;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import io.stoker.worker.TinyShards;
import io.stoker.worker.runtime.RoundTask;
import io.stoker.worker.sgd.StepSchedule;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters in many slices, which an average stage averages. */
@Exact
class SharedParametersTest extends AveragingJobs {
  @ParameterizedTest
  @ValueSource(strings = {"local[2]", "local[4]"})
  void parametersDoNotDependOnTheNumberOfSlots(String master) {
    assertThat(trainOn(master, STEADY, parameters -> {})).isEqualTo(undisturbed);
  }

  /** With more slices than the threshold, Spark takes another writer. */
  @ParameterizedTest
  @CsvSource({
    "spark.shuffle.compress, 200",
    "spark.shuffle.compress, 1",
    "spark.io.encryption.enabled, 200"
  })
  void parametersDoNotDependOnCompressionOrEncryptionOfTheShuffle(String key, String threshold) {
    Map<String, String> conf =
        Map.of(key, "true", "spark.shuffle.sort.bypassMergeThreshold", threshold);
    try (JavaSparkContext spark = LocalSpark.start("local[2]", conf)) {
      assertThat(trainOn(spark, STEADY, parameters -> {})).isEqualTo(undisturbed);
    }
  }

  @Test
  void parametersDoNotDependOnFailedTasks() {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() == 0 && (step == 1 || (step == 5 && task.partitionId() == 2))) {
            throw new IllegalStateException("a task fails once");
          }
          return STEADY.at(step);
        };

    assertThat(trainOn("local[2,3]", failing, parameters -> {})).isEqualTo(undisturbed);
  }

  @Test
  void lostSlicesAreComputedAgainToTheSameBits() {
    assertThat(
            trainOn(
                "local[2]",
                STEADY,
                spark -> spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true))))
        .isEqualTo(undisturbed);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP16", "INT8"})
  void lostSlicesAreComputedAgainFromRoundedChangesToTheSameBits(Wire wire) {
    String rounded = trainOn("local[1]", wire, spark -> {});

    assertThat(rounded).isNotEqualTo(undisturbed);
    assertThat(
            trainOn(
                "local[2]",
                wire,
                spark -> spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true))))
        .isEqualTo(rounded);
  }

  /** With all slices and all pieces lost, the rounds so far are trained again. */
  @Tag("slow")
  @ParameterizedTest
  @EnumSource(Wire.class)
  void roundsAreTrainedAgainWhenAllSlicesAndPiecesAreLost(Wire wire) {
    String expected = trainOn("local[1]", wire, spark -> {});

    assertThat(trainOn("local[2]", wire, AveragingJobs::loseAll)).isEqualTo(expected);
  }

  @Test
  void slicesThatAreLostAgainAndAgainEndTheJob() {
    StepSchedule losing =
        step -> {
          throw new LostSliceException(0);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      RoundTask second = task(1, losing);

      assertThatThrownBy(() -> parameters.advance(second, "a round"))
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("A round could not be trained in 6 attempts")
          .hasMessageContaining("--resume");
    }
  }

  @Test
  void aLostSnapshotIsComputedAgainWhileRoundsGoOn() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      String then = sha256(parameters);
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        for (int round = 1; round < ROUNDS; round++) {
          parameters.advance(task(round, STEADY), "a round");
        }
        loseAll(spark);
        assertThat(sha256(snapshot)).isEqualTo(then);
      }

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  @Test
  void lostSlicesAreReadFromTheCheckpointThatCutTheirLineage() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        byte[] written =
            snapshot.onOneExecutor("all", (slices, contents, hadoop) -> all(slices, contents));
        snapshot.cutLineage(
            (slices, slice, hadoop) -> {
              int start = slice * slices.sliceLength() * slices.vectors() * Float.BYTES;
              return java.util.Arrays.copyOfRange(written, start, start + slices.bytes(slice));
            });
      }
      spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
      for (int round = 1; round < ROUNDS; round++) {
        parameters.advance(task(round, STEADY), "a round");
      }

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  @Test
  void aSnapshotStaysWhileRoundsGoOn() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      String then = sha256(parameters);
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        for (int round = 1; round < ROUNDS; round++) {
          parameters.advance(task(round, STEADY), "a round");
        }
        awaitGenerations(spark, 2);
        assertThat(sha256(snapshot)).isEqualTo(then);
      }

      awaitGenerations(spark, 1);
      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  @Test
  void blocksOfPastRoundsAreDeleted() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      try (SharedParameters parameters = load(spark)) {
        for (int round = 0; round < ROUNDS; round++) {
          parameters.advance(task(round, STEADY), "a round");
        }
        awaitGenerations(spark, 1);
      }
      assertThat(spark.getPersistentRDDs()).isEmpty();
    }
  }

  @Test
  void parametersNeverPassThroughTheDriver() {
    ModelSpec large = Zoo.model("mlp-deep", new Shape(8, 8, 1), TinyShards.CLASSES);
    assertThat(large.parameterCount()).isGreaterThan(2_000_000);
    AtomicLong bytes = new AtomicLong();
    ParameterSlices slices = new ParameterSlices(large.parameterCount(), 2, 1 << 18);
    InitialValues initial = new InitialValues(large, 3);
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters =
            SharedParameters.load(spark, SliceAverage.plain(slices), initial, initial)) {
      spark.sc().addSparkListener(new DriverTraffic(bytes));
      parameters.advance(task(0, STEADY, large), "a round");
    }

    // 16 MB of parameters and momentum; 4 train and about 10 average tasks.
    assertThat(bytes.get()).isBetween(1L, 200_000L);
  }

  /** Adds up what tasks send to the driver, and what the driver sends to them. */
  private static final class DriverTraffic extends SparkListener {
    private final AtomicLong bytes;

    DriverTraffic(AtomicLong bytes) {
      this.bytes = bytes;
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      bytes.addAndGet(end.taskMetrics().resultSize());
    }

    @Override
    public void onBlockUpdated(SparkListenerBlockUpdated update) {
      if (update.blockUpdatedInfo().blockId().isBroadcast()) {
        bytes.addAndGet(update.blockUpdatedInfo().memSize());
      }
    }
  }
}
