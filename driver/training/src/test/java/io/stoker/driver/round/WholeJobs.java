// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that train the tiny job in a folder and on a Spark of their class. */
abstract class WholeJobs {
  @TempDir static Path folder;

  static TinyJob job;
  static JavaSparkContext spark;

  @BeforeAll
  static void startSpark() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
  }

  @AfterAll
  static void stopSpark() {
    spark.close();
  }

  /** What a test's jobs have in common. */
  TrainingConfig.Builder config(String run) {
    return job.config(run);
  }

  final TrainResult train(String run, UnaryOperator<TrainingConfig.Builder> change) {
    return TinyJob.train(spark, change.apply(config(run)));
  }

  final TrainResult resume(String run, UnaryOperator<TrainingConfig.Builder> change) {
    return TinyJob.resume(spark, change.apply(config(run)));
  }

  /** Trains, fails after a round, and goes on. */
  final TrainResult stopAndResume(
      String run, int round, UnaryOperator<TrainingConfig.Builder> change) {
    TinyJob.stop(spark, change.apply(config(run)), round);
    return resume(run, change);
  }

  /**
   * A run that fails after a round and goes on, whose name ends in "-stopped", has the bits of one
   * that is not disturbed.
   *
   * @return the SHA-256 of their parameters
   */
  final String assertSameBitsAfterAStop(
      String name, int round, UnaryOperator<TrainingConfig.Builder> change) {
    String undisturbed = train(name, change).parametersSha256();
    assertThat(stopAndResume(name + "-stopped", round, change).parametersSha256())
        .isEqualTo(undisturbed);
    return undisturbed;
  }
}
