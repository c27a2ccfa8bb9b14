// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.LogLines;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.ValidationConfig;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.job.ValidationAdvice;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.ValidationStore;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class ValidationTest extends WholeJobs {
  /** So low that nothing is learnt, and no validation is better than the first. */
  private static final double NOTHING = 1e-14;

  @Test
  @Exact
  void keepsTheBestCheckpointAndMarksIt() throws IOException {
    // The rate is so high that the accuracy goes up and down.
    UnaryOperator<TrainingConfig.Builder> wild =
        config -> config.learningRate(0.9).momentum(0.5).epochs(4).keep(1);
    List<ValidationMetrics> seen = new ArrayList<>();
    TrainResult result =
        TrainJob.run(
            spark,
            wild.apply(config("best")).build(),
            ExistingRun.REFUSE,
            new RoundListener() {
              @Override
              public void validated(ValidationMetrics validation) {
                seen.add(validation);
              }
            });
    TrainResult alone = TinyJob.train(spark, wild.apply(job.config("alone")));

    assertThat(result.parametersSha256()).isEqualTo(alone.parametersSha256());
    assertThat(seen).isEqualTo(validations("best")).hasSize(12);
    TrainResult.Best best = result.best().orElseThrow();
    assertThat(best.validation().accuracy())
        .isEqualTo(seen.stream().mapToDouble(ValidationMetrics::accuracy).max().orElseThrow());
    String marked =
        ModelFiles.open(job.run("best").toString(), new Configuration())
            .path()
            .getParent()
            .toString();
    assertThat(marked).isEqualTo(best.checkpoint());
    assertThat(
            EvaluateJob.run(
                    spark,
                    new EvaluateRequest(
                        job.run("best").toString(), job.data().toString(), "test", 16, "auto"))
                .accuracy())
        .isEqualTo(best.validation().accuracy());
    try (var kept = Files.list(job.run("best/checkpoints"))) {
      assertThat(kept.count()).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void onTheTestSplitIsWarnedOf() {
    try (LogLines log = LogLines.of(ValidationAdvice.class)) {
      TrainingConfig.Builder config = job.config("warned").validateEvery(1);
      ResolvedJob.of(spark, config.validationSplit("train").build(), ExistingRun.REFUSE);
      assertThat(log.lines()).noneMatch(line -> line.startsWith("WARN"));

      ResolvedJob.of(spark, config.validationSplit("test").build(), ExistingRun.REFUSE);
      assertThat(log.lines())
          .anyMatch(line -> line.startsWith("WARN Validating on split 'test': the best"));
    }
  }

  @Test
  void fallsBackToTheNewestWhereTheBestIsDamaged() throws IOException {
    TrainResult result = train("fallback", config -> config.learningRate(NOTHING));
    assertThat(result.best().orElseThrow().validation().round()).isEqualTo(1);
    Files.write(job.run("fallback/checkpoints/000001/model.zip"), new byte[3]);
    Files.writeString(job.run("fallback/validations/000002.json"), "{\"round\":");

    assertThat(
            ModelFiles.open(job.run("fallback").toString(), new Configuration()).path().toString())
        .contains("/000006/");
  }

  @Test
  void endsWhenPatienceIsOverAndGoesOnWithMoreOfIt() {
    UnaryOperator<TrainingConfig.Builder> patient =
        config -> config.learningRate(NOTHING).patience(2);
    TrainResult result = train("patient", patient);
    TrainResult again = resume("patient", patient);
    TrainResult longer = resume("patient", config -> patient.apply(config).patience(4));

    assertThat(result.rounds()).isEqualTo(3);
    assertThat(result.stoppedEarly()).isTrue();
    assertThat(result.earlyStop().orElseThrow().reason())
        .startsWith("2 validations after that of round 1 (accuracy ")
        .endsWith(" %) were no better");
    assertThat(again.rounds()).isEqualTo(3);
    assertThat(again.examples()).isZero();
    assertThat(again.stoppedEarly()).isTrue();
    assertThat(longer.rounds()).isEqualTo(5);
  }

  @Test
  void hasNotEndedEarlyWhereTheLastRoundIsDone() {
    TrainResult result = train("to-the-end", config -> config.learningRate(NOTHING).patience(5));

    assertThat(result.rounds()).isEqualTo(6);
    assertThat(result.stoppedEarly()).isFalse();
    assertThat(result.earlyStop()).isEmpty();
  }

  @Test
  @Exact
  void decidesAfterAStopAsIfThereWereNone() {
    TrainResult undisturbed = train("undisturbed", config -> config);
    stopAt("000004", config("stopped"));
    assertThat(validations("stopped")).hasSize(3);

    TrainResult resumed = resume("stopped", config -> config);

    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed.parametersSha256());
    assertThat(validations("stopped"))
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("seconds")
        .isEqualTo(validations("undisturbed"));
  }

  @Test
  @Exact
  void lowersTheRateWhereTheValidationLossStopsFallingAndDoesSoAfterAStop() throws IOException {
    UnaryOperator<TrainingConfig.Builder> plateau =
        config ->
            config
                .epochs(6)
                .learningRate(NOTHING)
                .validateEvery(4) // of 3 rounds an epoch: the first and the fifth have none
                .schedule(new LearningRateSchedule.Plateau(0.5, 1, 0));
    TrainResult undisturbed = train("plateau", plateau);
    stopAt("000012", plateau.apply(config("plateau-stopped")));
    Files.delete(job.run("plateau-stopped/metrics.jsonl"));
    TrainResult resumed = resume("plateau-stopped", plateau);

    assertThat(rates("plateau"))
        .containsExactly(
            1., 1., 1., 1., 1., 1., 1., 1., 1., .5, .5, .5, .25, .25, .25, .25, .25, .25);
    assertThat(rates("plateau-stopped")).isEqualTo(rates("plateau").subList(12, 18));
    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed.parametersSha256());

    Files.delete(job.run("plateau/validations/000008.json"));
    assertThatThrownBy(() -> resume("plateau", config -> plateau.apply(config).epochs(7)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("that of round 8 is missing");
  }

  @Test
  @Exact
  void choosesByTheBalancedAccuracyWhereClassesAreBalancedUnlessAnotherMetricIsAsked() {
    UnaryOperator<TrainingConfig.Builder> weighted =
        config -> config.learningRate(0.9).set("class_weights", new ClassWeighting.Balanced());
    TrainResult standard = train("weighted", weighted);
    TrainResult asked =
        train("asked", config -> weighted.apply(config).metric(SelectionMetric.LOG_LOSS));

    assertThat(standard.best().orElseThrow().metric()).isEqualTo(SelectionMetric.BALANCED_ACCURACY);
    assertThat(metric("weighted")).isEqualTo(SelectionMetric.BALANCED_ACCURACY);
    assertThat(metric("asked")).isEqualTo(SelectionMetric.LOG_LOSS);
    assertThat(asked.best().orElseThrow().validation().logLoss())
        .isEqualTo(
            validations("asked").stream()
                .mapToDouble(ValidationMetrics::logLoss)
                .min()
                .orElseThrow());
    assertThat(asked.parametersSha256()).isEqualTo(standard.parametersSha256());
    assertThat(identity("asked").sha256()).isEqualTo(identity("weighted").sha256());
  }

  @Test
  void resumesRunsOfEarlierReleasesByTheirRule() throws IOException {
    UnaryOperator<TrainingConfig.Builder> weighted =
        config -> config.set("class_weights", new ClassWeighting.Balanced());
    train("earlier", config -> weighted.apply(config).epochs(1));
    removeLines(job.run("earlier/run.json"), "\"metric\"");
    for (ValidationMetrics validation : validations("earlier")) {
      removeLines(
          job.run("earlier/validations/00000" + validation.round() + ".json"),
          "\"balanced_accuracy\"",
          "\"macro_f1\"");
    }

    assertThatThrownBy(
            () ->
                resume(
                    "earlier", config -> weighted.apply(config).metric(SelectionMetric.MACRO_F1)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("with --metric macro-f1: an earlier release made its validation of")
        .hasMessageContaining("and did not record the macro F1 (leave --metric out)");
    TrainResult resumed = resume("earlier", weighted);

    assertThat(resumed.best().orElseThrow().metric()).isEqualTo(SelectionMetric.ACCURACY);
    assertThat(metric("earlier")).isEqualTo(SelectionMetric.AUTO);
    assertThat(validations("earlier"))
        .extracting(validation -> Double.isNaN(validation.macroF1()))
        .containsExactly(true, true, true, false, false, false);
  }

  /** The accuracy of a validation goes up while its loss does: one lowers the rate. */
  @Test
  void lowersTheRateByTheMetricThatIsAsked() {
    UnaryOperator<TrainingConfig.Builder> plateau =
        config ->
            config
                .epochs(4)
                .learningRate(0.9)
                .momentum(0.5)
                .validateEvery(ValidationConfig.EPOCH)
                .metric(SelectionMetric.MACRO_F1)
                .schedule(new LearningRateSchedule.Plateau(0.5, 1, 0));
    train("by-f1", plateau);
    List<ValidationMetrics> epochs = validations("by-f1");
    List<Double> missing = epochs.stream().map(epoch -> 1 - epoch.macroF1()).toList();

    for (int epoch = 0; epoch < 4; epoch++) {
      assertThat(rates("by-f1").get(3 * epoch) * NOTHING / 0.9)
          .isEqualTo(
              new LearningRateSchedule.Plateau(0.5, 1, 0).reduction(missing.subList(0, epoch)),
              within(0.01));
    }
  }

  private static void removeLines(Path file, String... keys) throws IOException {
    List<String> lines =
        Files.readAllLines(file).stream()
            .filter(line -> Arrays.stream(keys).noneMatch(line::contains))
            .toList();
    Files.writeString(file, String.join("\n", lines).replaceAll(",(\\s*})", "$1"));
  }

  private static JobIdentity identity(String run) {
    return RunFolder.at(new org.apache.hadoop.fs.Path(job.run(run).toUri()), new Configuration())
        .job();
  }

  private static SelectionMetric metric(String run) {
    return identity(run).config().validation().metric();
  }

  /** Each round's rate, of the first one's. */
  private static List<Double> rates(String run) {
    return MetricsLog.read(new org.apache.hadoop.fs.Path(job.run(run).toUri()), new Configuration())
        .stream()
        .map(round -> Math.round(100 * round.lr() / NOTHING) / 100.0)
        .toList();
  }

  @Test
  void namesASplitThatIsNotThere() {
    assertThatThrownBy(() -> train("nosplit", config -> config.validationSplit("validation")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("validation");
    assertThat(job.run("nosplit")).doesNotExist();
  }

  /** Trains, and fails when a checkpoint is written. */
  private static void stopAt(String checkpoint, TrainingConfig.Builder config) {
    RoundListeners stopping =
        RoundListeners.required(
            new RoundListener() {
              @Override
              public void checkpointWritten(String uri) {
                if (uri.endsWith(checkpoint)) {
                  throw new IllegalStateException("stopped");
                }
              }
            });
    assertThatThrownBy(() -> TrainJob.run(spark, config.build(), ExistingRun.REFUSE, stopping))
        .hasMessage("stopped");
  }

  @Override
  TrainingConfig.Builder config(String run) {
    return job.config(run).validateEvery(1).validationSplit("test");
  }

  private static List<ValidationMetrics> validations(String run) {
    return new ValidationStore(
            new org.apache.hadoop.fs.Path(job.run(run).toUri()), new Configuration())
        .read();
  }
}
