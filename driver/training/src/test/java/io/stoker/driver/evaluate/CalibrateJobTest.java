// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.testing.Exact;
import io.stoker.worker.eval.LabelledProbabilities.Sums;
import io.stoker.worker.eval.TestViews;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrateJobTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  /** Slow learning, so that there are mistakes. */
  private static TrainingConfig.Builder config(String run) {
    return job.config(run).checkpointEvery(3).keep(1).learningRate(0.002);
  }

  private static TrainResult train(String run) {
    return TrainJob.run(spark, config(run).build(), ExistingRun.REFUSE, RoundListener.NONE);
  }

  private static EvaluateRequest on(String run, String split) {
    return new EvaluateRequest(job.run(run).toString(), job.data().toString(), split, 16, "auto");
  }

  @Test
  @Exact
  void lowersTheLossAndLeavesTheRanking() throws IOException {
    Path file = Path.of(java.net.URI.create(train("run").checkpoint())).resolve("model.zip");
    byte[] model = Files.readAllBytes(file);
    EvaluationReport before = EvaluateJob.run(spark, on("run", "train"));

    Calibration calibration = CalibrateJob.run(spark, on("run", "train"));

    EvaluationReport after = EvaluateJob.run(spark, on("run", "train"));
    assertThat(calibration.temperature()).isNotEqualTo(1);
    assertThat(after.confusion()).isEqualTo(before.confusion());
    assertThat(after.logLoss()).isLessThan(before.logLoss());
    assertThat(calibration.logLossBefore()).isCloseTo(before.logLoss(), within(1e-6));
    assertThat(calibration.logLossAfter()).isCloseTo(after.logLoss(), within(1e-6));
    assertThat(calibration.calibrationErrorAfter())
        .isCloseTo(after.calibrationError(), within(1e-6));
    assertThat(after.toText()).contains("temperature");
    assertThat(Files.readAllBytes(file)).isEqualTo(model);
    // With any other temperature, the loss is higher.
    StoredModel stored = ModelFiles.open(job.run("run").toString(), new Configuration());
    for (double factor : new double[] {0.98, 1.02}) {
      Calibration other =
          Calibration.imported(calibration.temperature() * factor, calibration.parametersSha256());
      other.write(stored.path(), new Configuration());
      assertThat(EvaluateJob.run(spark, on("run", "train")).logLoss())
          .isGreaterThan(after.logLoss());
    }
  }

  @Test
  void warnsOfATemperatureOfOtherViews() {
    train("views");
    CalibrateJob.run(spark, on("views", "train"));
    Inference flipped =
        new Inference(job.run("views").toString(), "auto", TestViews.FLIP, Arithmetic.FASTEST_FP32);

    try (LogLines log = LogLines.of(Inference.class)) {
      EvaluateJob.run(spark, on("views", "train"));
      assertThat(log.lines()).isEmpty();
      EvaluateJob.run(spark, new EvaluateRequest(flipped, job.data().toString(), "train", 16, 1));
      assertThat(log.lines())
          .singleElement(STRING)
          .contains("was fitted with --tta none, and is used with --tta flip");
    }
  }

  @Test
  @Exact
  void doesNotDependOnTheNumberOfSlots() {
    train("slots");
    Calibration two = CalibrateJob.run(spark, on("slots", "train"));
    spark.close();
    spark = LocalSpark.start("local[1]");
    assertThat(CalibrateJob.run(spark, on("slots", "train"))).isEqualTo(two);
  }

  @Test
  @Exact
  void endsTrainingWhereItIsAskedFor() {
    TrainJob.run(
        spark,
        config("asked").set("calibrate", true).validationSplit("test").build(),
        ExistingRun.REFUSE,
        RoundListener.NONE);

    StoredModel stored = ModelFiles.open(job.run("asked").toString(), new Configuration());
    assertThat(stored.calibration().orElseThrow().split()).isEqualTo("test");
    assertThat(stored.temperature().value()).isNotEqualTo(1);
    assertThat(stored.parametersSha256()).isEqualTo(train("plain").parametersSha256());
  }

  @Test
  void needsASplit() {
    train("splitless");
    assertThatThrownBy(() -> CalibrateJob.run(spark, on("splitless", "")))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot calibrate: the data at ")
        .hasMessageContaining("have no split 'validation'");
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    job.config("never").set("calibrate", true).build(),
                    ExistingRun.REFUSE,
                    RoundListener.NONE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("have no split 'validation'");
    assertThat(job.run("never")).doesNotExist();
  }

  @Test
  void isDeletedWithItsCheckpointAndSkippedWhereItIsOfOtherParameters() throws IOException {
    TrainResult result = train("kept");
    Path checkpoint = Path.of(java.net.URI.create(result.checkpoint()));
    CalibrateJob.run(spark, on("kept", "test"));

    TrainJob.run(spark, config("kept").epochs(3).build(), ExistingRun.RESUME, RoundListener.NONE);
    assertThat(checkpoint).doesNotExist();

    Configuration hadoop = new Configuration();
    StoredModel newest = ModelFiles.open(job.run("kept").toString(), hadoop);
    Calibration.imported(2, "0".repeat(64)).write(newest.path(), hadoop);
    try (LogLines log = LogLines.of(Calibration.class)) {
      assertThat(ModelFiles.open(job.run("kept").toString(), hadoop).temperature().value())
          .isEqualTo(1);
      assertThat(log.lines()).singleElement().asString().contains("is of other parameters");
    }
  }

  /**
   * Sums over examples of two classes whose logits differ by a margin.
   *
   * @param right the weight of those that are predicted right
   * @param wrong the weight of the others
   */
  private static Sums ofTwoClasses(double margin, double right, double wrong, double factor) {
    double lower = 1 / (1 + Math.exp(margin * factor));
    return new Sums(
        1,
        (right + wrong) * Math.log1p(Math.exp(-margin * factor)) + wrong * margin * factor,
        margin * (wrong * (1 - lower) - right * lower),
        margin * margin * (right + wrong) * lower * (1 - lower));
  }

  @Test
  void noTemperatureFitsAModelWithoutMistakesHoweverSureItIs() {
    for (double margin : new double[] {0.5, 5, 12, 40}) {
      try (LogLines log = LogLines.of(CalibrateJob.class)) {
        assertThat(CalibrateJob.bestFactor(at -> ofTwoClasses(margin, 100, 0, at))).isEqualTo(1);
        assertThat(log.lines()).singleElement().asString().contains("makes no mistake");
      }
    }
  }

  @Test
  void aTemperatureFitsAModelWithAMistake() {
    for (double margin : new double[] {5, 12, 40}) {
      double best = Math.log(99) / margin;
      assertThat(CalibrateJob.bestFactor(at -> ofTwoClasses(margin, 99, 1, at)))
          .isCloseTo(best, within(1e-7 * best));
    }
    // So far away that Newton's steps do not get there.
    assertThat(CalibrateJob.bestFactor(at -> ofTwoClasses(12, 1, Math.exp(-12 * 15), at)))
        .isCloseTo(15, within(1e-6));
  }

  /** Losses whose lowest points are known. */
  @Test
  void newtonFindsTheLowestPointOfTheLoss() {
    for (double best : new double[] {0.06, 0.5, 1, 3, 17}) {
      double factor =
          CalibrateJob.bestFactor(
              at -> new Sums(1, at - best * Math.log(at), 1 - best / at, best / at / at));
      assertThat(factor).isCloseTo(best, within(1e-7 * best));
    }
    assertThat(CalibrateJob.bestFactor(at -> new Sums(1, at, 1, 0))).isCloseTo(0.05, within(1e-6));
    try (LogLines log = LogLines.of(CalibrateJob.class)) {
      assertThat(CalibrateJob.bestFactor(at -> new Sums(1, -at, -1, 0))).isEqualTo(1);
      assertThat(log.lines()).singleElement().asString().contains("makes no mistake");
    }
  }
}
