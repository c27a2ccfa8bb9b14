// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RateRangeRoundsTest {
  private static final RateRange RANGE = new RateRange(1e-3, 1, 13);

  @TempDir private Path folder;

  @Test
  void ratesGrowByOneFactorAndTheFirstRoundIsThatOfTheJob() {
    TinyJob job = TinyJob.in(folder);
    TrainingConfig config = job.config("run").learningRate(1e-3).build();
    List<RoundMetrics> rounds;
    List<RoundMetrics> trained;
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      rounds = RateRangeRounds.train(spark, config, RANGE);
      assertThat(Files.exists(job.run("run"))).isFalse();
      assertThat(Files.exists(Path.of("range-test"))).isFalse();
      TrainJob.run(spark, config, ExistingRun.REFUSE, RoundListener.NONE);
      trained =
          MetricsLog.read(
              new org.apache.hadoop.fs.Path(job.run("run").toString()),
              spark.hadoopConfiguration());
    }

    assertThat(rounds).hasSize(13);
    for (int i = 0; i < 13; i++) {
      // 271 images, 2 x 16 a step: an epoch has rounds of 3, 3 and 3 steps.
      assertThat((double) rounds.get(i).lr())
          .isEqualTo(1e-3 * Math.pow(1000, i / 12.0), within(1e-6));
    }
    assertThat(rounds.get(0).loss()).isEqualTo(trained.get(0).loss());
    assertThat(rounds.get(1).loss()).isNotEqualTo(trained.get(1).loss());
  }

  @Test
  void theLossesDoNotDependOnTheSlots() {
    TrainingConfig config = TinyJob.in(folder).config("run").build();
    List<Double> one = losses("local[1]", config);

    assertThat(losses("local[3]", config)).isEqualTo(one);
  }

  /** Its first round is that of the job, which begins with the same values; its folder is taken. */
  @Test
  void beginsWithTheInitialModelWhateverTheRunFolderHolds() {
    TinyJob job = TinyJob.in(folder);
    TrainingConfig config = job.config("run").learningRate(1e-3).build();
    TrainingConfig going =
        config.toBuilder()
            .run(job.run("further").toString())
            .init(job.run("run").toString())
            .build();
    List<RoundMetrics> rounds;
    List<RoundMetrics> trained;
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainJob.run(spark, config, ExistingRun.REFUSE, RoundListener.NONE);
      rounds = RateRangeRounds.train(spark, going.toBuilder().run(config.run()).build(), RANGE);
      TrainJob.run(spark, going, ExistingRun.REFUSE, RoundListener.NONE);
      trained =
          MetricsLog.read(
              new org.apache.hadoop.fs.Path(job.run("further").toString()),
              spark.hadoopConfiguration());
    }

    assertThat(rounds).hasSize(13);
    assertThat(rounds.get(0).loss()).isEqualTo(trained.get(0).loss());
  }

  @Test
  @Timeout(120)
  void waitsUntilAnotherJobOfTheApplicationHasEnded() throws Exception {
    TrainingConfig config = TinyJob.in(folder).config("run").build();
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      FutureTask<List<RoundMetrics>> test =
          new FutureTask<>(() -> RateRangeRounds.train(spark, config, RANGE));
      Thread thread = new Thread(test);
      JobQueue queue = JobQueue.of(spark.sc());
      queue.await("run a", 2, () -> 2);
      thread.start();
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      assertThat(thread.getStackTrace())
          .extracting(StackTraceElement::getClassName)
          .contains(JobQueue.class.getName());

      queue.end(2);

      assertThat(test.get()).hasSize(13);
    }
  }

  private static List<Double> losses(String master, TrainingConfig config) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return RateRangeRounds.train(spark, config, RANGE).stream().map(RoundMetrics::loss).toList();
    }
  }

  @Test
  void aRangeThatIsNoneIsRefused() {
    assertThatThrownBy(() -> new RateRange(0, 1, 10))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid --from: 0.0 (must be > 0)");
    assertThatThrownBy(() -> new RateRange(0.1, 0.1, 10))
        .hasMessage("Invalid --to: 0.1 (must be above --from, which is 0.1)");
    assertThatThrownBy(() -> new RateRange(0.1, Double.POSITIVE_INFINITY, 10))
        .hasMessage("Invalid --to: Infinity (must be above --from, which is 0.1)");
    assertThatThrownBy(() -> new RateRange(0.1, 1, 9))
        .hasMessage("Invalid --rounds: 9 (must be 10 to 10000)");
  }
}
