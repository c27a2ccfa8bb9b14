// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.InputException;
import io.stoker.models.spec.Shape;
import io.stoker.testing.Exact;
import io.stoker.worker.runtime.ExecutorResources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three epochs of three rounds on images of 8 x 8; each epoch has another size. */
@Exact
class SizeScheduleRunTest {
  private static final String MODEL =
      """
      name: any-size
      input: [8, 8, 1]
      layers:
        - conv: {filters: 6, kernel: 3, padding: 1}
        - batch-norm
        - relu
        - global-average-pool
        - dense: classes
      """;

  private static final String GROWING = "4@0,6@1,8@2";

  @TempDir static Path folder;
  private static TinyJob job;

  @BeforeAll
  static void writeModel() throws IOException {
    job = TinyJob.in(folder);
    Files.writeString(folder.resolve("any.yaml"), MODEL);
  }

  private static TrainingConfig.Builder config(
      String run, String sizes, UnaryOperator<TrainingConfig.Builder> change) {
    return change.apply(
        job.config(run)
            .model(folder.resolve("any.yaml").toString())
            .augmentations(List.of("shift=1"))
            .epochs(3)
            .checkpointEvery(2)
            .set("size_schedule", sizes));
  }

  private static String train(JavaSparkContext spark, TrainingConfig.Builder config) {
    return TinyJob.train(spark, config).parametersSha256();
  }

  @Test
  void resultsDoNotDependOnSlotsStagesOrAResume() {
    assertSameBits("plain", List.of(1, 4), config -> config.set("ema", 0.7));
    assertSameBits("dl4j", List.of(1, 4), config -> config.engine("dl4j"));
    assertSameBits("overlap", List.of(2, 4), config -> config.set("overlap_steps", 1));
  }

  private static void assertSameBits(
      String name, List<Integer> slots, UnaryOperator<TrainingConfig.Builder> variant) {
    List<String> hashes = new ArrayList<>();
    for (int each : slots) {
      try (JavaSparkContext spark = LocalSpark.start("local[" + each + "]")) {
        hashes.add(train(spark, config(name + each, GROWING, variant)));
      }
    }
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingConfig.Builder oneStage =
          config(name + "-stage", GROWING, config -> variant.apply(config).checkpointEvery(99));
      hashes.add(train(spark, oneStage));
      TrainingConfig.Builder stopped = config(name + "-stopped", GROWING, variant);
      TinyJob.stop(spark, stopped, 5);
      hashes.add(TinyJob.resume(spark, stopped).parametersSha256());
    }
    assertThat(hashes).containsOnly(hashes.get(0));
  }

  @Test
  void theLastSizeIsThatOfTheModelAndEachSizeCounts() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      String plain = train(spark, config("whole-size", "", config -> config));

      assertThat(train(spark, config("whole", "8@0", config -> config))).isEqualTo(plain);
      assertThat(train(spark, config("growing", GROWING, config -> config))).isNotEqualTo(plain);
      TrainResult cropped =
          TinyJob.train(
              spark,
              config(
                  "cropped", "4@0,6@1", config -> config.validationSplit("test").validateEvery(9)));
      assertThat(TinyJob.model(cropped.run()).input()).isEqualTo(new Shape(6, 6, 1));
      assertThat(TinyJob.model(folder.resolve("growing").toString()).input())
          .isEqualTo(new Shape(8, 8, 1));
    }
  }

  @Test
  void anotherScheduleIsAnotherJob() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      train(spark, config("first", GROWING, config -> config));

      assertThatThrownBy(
              () -> TinyJob.resume(spark, config("first", "4@0,8@2", config -> config.epochs(4))))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("size schedule: 4@0,8@2 here, 4@0,6@1,8@2 in the run");
    }
  }

  @Test
  void networksAreBuiltOnceForEachSize() {
    List<Long> created = new ArrayList<>();
    long before = ExecutorResources.here().networksCreated();
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainJob.run(
          spark,
          config("counted", GROWING, config -> config.batch(13).epochs(4)).build(),
          ExistingRun.REFUSE,
          RoundListeners.required(
              new RoundListener() {
                @Override
                public void roundFinished(RoundMetrics metrics) {
                  created.add(ExecutorResources.here().networksCreated());
                }
              }));
    }
    assertThat(created.get(created.size() - 1) - before).isBetween(3L, 6L);
  }

  @Test
  void theModelsOwnSizeMayBeLargerThanTheData() throws IOException {
    Path large = folder.resolve("large.yaml");
    Files.writeString(large, MODEL.replace("[8, 8, 1]", "[12, 12, 1]"));
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      assertThat(train(spark, config("large", "4@0,8@1", config -> config.model(large.toString()))))
          .isEqualTo(train(spark, config("own", "4@0,8@1", config -> config)));
    }
  }

  @Test
  void sizesThatDataOrModelDoNotHaveAreRefusedWithoutARun() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      assertThatThrownBy(() -> train(spark, config("refused", "4@0,9@1", config -> config)))
          .isInstanceOf(InputException.class)
          .hasMessage(
              "Cannot use --size-schedule 4@0,9@1: the data's images are 8 x 8 x 1 (prepare them"
                  + " with --size 9 or more)");
      assertThatThrownBy(
              () ->
                  train(
                      spark,
                      config(
                          "refused",
                          "4@0,8@1",
                          config -> config.model(folder.resolve("tiny.yaml").toString()))))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("Invalid size: 4 (layer 4 of model tiny, dense 20, has other");
    }
    assertThat(folder.resolve("refused")).doesNotExist();
  }
}
