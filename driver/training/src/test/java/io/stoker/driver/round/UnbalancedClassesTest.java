// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.run.RunFolder;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training with weights of classes, and with balanced sampling. */
@Exact
class UnbalancedClassesTest {
  private static final Map<String, Double> FAVOURED =
      Map.of("bar 0", 1e4, "bar 1", 1.0, "bar 2", 1.0, "bar 3", 1.0);

  @TempDir static Path folder;

  private static TinyJob job;

  @BeforeAll
  static void writeData() {
    job = TinyJob.in(folder);
  }

  @Tag("slow")
  @Test
  void givesTheSameBitsWithWeightsOnEachClusterAndAfterAStop() {
    String expected;
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      expected = TinyJob.train(spark, weighted("two-slots")).parametersSha256();
      assertThat(TinyJob.train(spark, job.config("plain")).parametersSha256())
          .isNotEqualTo(expected);
    }
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      assertThat(TinyJob.train(spark, weighted("one-slot")).parametersSha256()).isEqualTo(expected);
      TinyJob.stop(spark, weighted("stopped"), 4);
      TrainingConfig recorded =
          RunFolder.at(
                  new org.apache.hadoop.fs.Path(job.run("stopped").toUri()), new Configuration())
              .job()
              .config();
      assertThat(recorded.loss().classWeights()).isEqualTo(new ClassWeighting.Balanced());
      assertThat(TinyJob.resume(spark, recorded.toBuilder()).parametersSha256())
          .isEqualTo(expected);
      assertThatThrownBy(() -> TinyJob.resume(spark, job.config("stopped")))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("class weights: not set here, balanced in the run");
    }
  }

  @Tag("slow")
  @Test
  void givesTheSameBitsOfABalancedSampleOnEachClusterAndAfterAStop() {
    String expected;
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainResult result = TinyJob.train(spark, sampled("sampled"));
      expected = result.parametersSha256();
      assertThat(result.examples()).isEqualTo(2 * 271);
      assertThat(TinyJob.train(spark, job.config("natural")).parametersSha256())
          .isNotEqualTo(expected);
    }
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      TinyJob.stop(spark, sampled("sampled-stopped"), 3);
      assertThat(TinyJob.resume(spark, sampled("sampled-stopped")).parametersSha256())
          .isEqualTo(expected);
    }
  }

  private static TrainingConfig.Builder sampled(String run) {
    return job.config(run).set("sampling", Sampling.BALANCED).checkpointEvery(2);
  }

  /** A class that counts for nearly all of the loss is the answer to nearly all images at first. */
  @Test
  void attendsToTheClassWithTheLargestWeight() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      long favoured =
          answersOfTheFirstClass(spark, "favoured", new ClassWeighting.PerClass(FAVOURED));
      long equal = answersOfTheFirstClass(spark, "equal", new ClassWeighting.Equal());

      assertThat(favoured).isGreaterThan(2 * equal);
    }
  }

  /** How many images of all classes are taken for the first class. */
  private static long answersOfTheFirstClass(
      JavaSparkContext spark, String run, ClassWeighting weights) {
    TrainResult result =
        TinyJob.train(
            spark, job.config(run).epochs(1).learningRate(0.02).set("class_weights", weights));
    EvaluationReport report =
        EvaluateJob.run(
            spark, new EvaluateRequest(result.run(), job.data().toString(), "test", 16, "auto"));
    return report.confusion().stream().mapToLong(row -> row.get(0)).sum();
  }

  @Test
  void namesAClassThatTheDataDoesNotHave() {
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      assertThatThrownBy(
              () ->
                  TinyJob.train(
                      spark,
                      job.config("misnamed")
                          .set("class_weights", new ClassWeighting.PerClass(Map.of("bar O", 1.0)))))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("'bar O'")
          .hasMessageContaining("did you mean 'bar 0'");
    }
    assertThat(job.run("misnamed")).doesNotExist();
  }

  private static TrainingConfig.Builder weighted(String run) {
    return job.config(run)
        .set("class_weights", new ClassWeighting.Balanced())
        .set("mixup", 0.2)
        .checkpointEvery(2);
  }
}
