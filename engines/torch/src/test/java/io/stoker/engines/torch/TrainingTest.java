// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole jobs on Spark: the result depends on the job, and not on how it was run. */
class TrainingTest {
  private static final String MODEL =
      """
      name: tiny-torch
      input: [8, 8, 1]
      layers:
        - conv: {filters: 6, kernel: 3, padding: 1}
        - batch-norm
        - relu
        - lrn: {size: 3, k: 2, alpha: 0.0001, beta: 0.75}
        - max-pool: {kernel: 3, stride: 2}
        - dropout: 0.2
        - dense: 20
        - tanh
        - dense: classes
      """;

  @TempDir static Path folder;

  private static TinyJob job;
  private static Path model;
  private static String undisturbed;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    model = Files.writeString(folder.resolve("model.yaml"), MODEL);
    undisturbed = train("local[2]", "undisturbed", "torch").parametersSha256();
  }

  private static TrainingConfig config(String run, String engine) {
    return job.config(run)
        .model(model.toString())
        .engine(engine)
        .workers(3)
        .checkpointEvery(2)
        .build();
  }

  private static TrainResult train(String master, String run, String engine) {
    return train(master, run, engine, ExistingRun.REFUSE, RoundListeners.observing());
  }

  private static TrainResult train(
      String master, String run, String engine, ExistingRun existing, RoundListeners listeners) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return TrainJob.run(spark, config(run, engine), existing, listeners);
    }
  }

  @Test
  @Exact
  void aSecondRunGivesTheSameBits() {
    assertThat(train("local[2]", "again", "torch").parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  @Exact
  void oneSlotAndThreeGiveTheSameBits() {
    assertThat(train("local[1]", "one", "torch").parametersSha256()).isEqualTo(undisturbed);
    assertThat(train("local[3]", "three", "torch").parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  @Exact
  void aTaskThatIsTriedAgainGivesTheSameBits() {
    FailingOnceEngine.STEPS_LEFT.set(5);

    TrainResult result = train("local[2,3]", "retried", "torch-failing-once");

    assertThat(FailingOnceEngine.STEPS_LEFT.get()).as("the failure is over").isNotPositive();
    assertThat(result.parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  @Exact
  void resumeGivesTheSameBits() {
    assertThatThrownBy(
            () ->
                train("local[2]", "stopped", "torch", ExistingRun.REFUSE, TinyJob.stoppingAfter(3)))
        .hasMessage("stopped");

    TrainResult resumed =
        train("local[3]", "stopped", "torch", ExistingRun.RESUME, RoundListeners.observing());

    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed);
  }
}
