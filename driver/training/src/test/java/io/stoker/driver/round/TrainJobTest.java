// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.TinyJob;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.LocalSteps;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainJobTest extends WholeJobs {
  @Test
  @Exact
  void learnsAndSaysSo() {
    TrainResult result =
        train("learns", config -> config.epochs(20).learningRate(0.1).checkpointEvery(7));

    assertThat(result.accuracy()).isGreaterThan(0.95);
    assertThat(result.loss()).isLessThan(0.3);
    assertThat(result.epochs()).isEqualTo(20);
    assertThat(result.examples()).isEqualTo(20 * 271);
    assertThat(result.checkpoint()).endsWith("checkpoints/000060");
    assertThat(result.parametersSha256()).hasSize(64);
    assertThat(folder.resolve("learns/checkpoints"))
        .isDirectoryContaining("glob:**/000049")
        .isDirectoryNotContaining("glob:**/000042");
  }

  /** Averaging every step with plain SGD and equal shares is one large batch. */
  @Test
  @Exact
  void averagingEveryStepIsOneLargeBatch() {
    UnaryOperator<TrainingConfig.Builder> plain =
        config -> config.localSteps(1).momentum(0).epochs(2);
    TrainResult shared = train("shared", config -> plain.apply(config).workers(4).batch(16));
    TrainResult alone = train("alone", config -> plain.apply(config).workers(1).batch(64));

    assertThat(shared.rounds()).isEqualTo(alone.rounds()).isEqualTo(10);
    float[] expected = TinyJob.parameters(alone.run());
    float[] actual = TinyJob.parameters(shared.run());
    double squares = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += expected[i] * (double) expected[i];
      difference += Math.pow(actual[i] - (double) expected[i], 2);
    }
    assertThat(Math.sqrt(difference / squares)).isLessThan(1e-5);
    assertThat(shared.loss()).isCloseTo(alone.loss(), within(1e-5));
  }

  @Test
  @Exact
  void givesTheSameBitsForTheSameSeedOnly() {
    String first = train("first", config -> config).parametersSha256();

    assertThat(train("second", config -> config).parametersSha256()).isEqualTo(first);
    assertThat(train("other", config -> config.seed(4)).parametersSha256()).isNotEqualTo(first);
  }

  /** What averages every step for two epochs of three, and then does not. */
  @Test
  void averagesEveryStepFirst() {
    TrainResult result =
        train("post-local", config -> config.epochs(3).localSteps(9).set("every_step_epochs", 2));
    TrainResult everyStep = train("every-step", config -> config.localSteps(1));

    assertThat(metrics("post-local")).hasSize(9 + 9 + 1);
    assertThat(metrics("post-local").subList(0, 18))
        .extracting(RoundMetrics::loss)
        .isEqualTo(metrics("every-step").stream().map(RoundMetrics::loss).toList());
    assertThat(result.rounds()).isEqualTo(19);
    assertThat(everyStep.rounds()).isEqualTo(18);
  }

  /** 9 steps an epoch at rates of 0.05, 0.025 and 0.0125: rounds of 2, 4 and 9 (of 16) steps. */
  @Test
  @Exact
  void averagesLessOftenAsTheRateFalls() {
    UnaryOperator<TrainingConfig.Builder> base =
        config ->
            config
                .epochs(3)
                .localSteps(new LocalSteps(2, 0.05))
                .schedule(new LearningRateSchedule.StepDecay(0.5, 1, 0))
                .checkpointEvery(3);
    assertSameBitsAfterAStop("rule", 7, base);

    assertThat(metrics("rule")).hasSize(5 + 3 + 1);
  }

  @Test
  @Exact
  void goesOnWithTheRateThatThePlateauCameTo() {
    UnaryOperator<TrainingConfig.Builder> base =
        config ->
            config
                .epochs(6)
                .learningRate(1e-7) // nothing learns, so that every second epoch reduces it
                .schedule(new LearningRateSchedule.Plateau(0.5, 1, 0))
                .checkpointEvery(2);
    assertSameBitsAfterAStop("plateau", 15, base);

    List<Float> rates = metrics("plateau").stream().map(RoundMetrics::lr).toList();
    assertThat(rates.get(17)).isLessThan(rates.get(0) / 4);
    assertThat(metrics("plateau-stopped").stream().map(RoundMetrics::lr).toList()).isEqualTo(rates);
  }

  @Test
  void refusesADataSetInPlaceOfARunAndARunInPlaceOfData() throws IOException {
    TrainingConfig config = job.config("swapped").build();
    Path run = Files.createDirectories(job.run("no-data"));
    Files.writeString(run.resolve("run.json"), "{}");

    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    config.toBuilder().run(config.data().uri()).build(),
                    ExistingRun.REFUSE,
                    RoundListener.NONE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds a data set");
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    config.toBuilder().data(run.toString()).build(),
                    ExistingRun.REFUSE,
                    RoundListener.NONE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("it is the folder of a run");
  }

  @Test
  void saysThatThePlateausLossesAreGone() throws IOException {
    UnaryOperator<TrainingConfig.Builder> base =
        config -> config.epochs(1).schedule(new LearningRateSchedule.Plateau(0.5, 1, 0));
    train("forgotten", base);
    Files.delete(job.run("forgotten").resolve(MetricsLog.FILE));

    assertThatThrownBy(() -> resume("forgotten", base))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("metrics.jsonl has 0 of 3");
  }

  @Test
  void learnsFasterAndSlowerWhereTheRatesSaySo() {
    float[] start =
        TinyJob.parameters(train("start", config -> config.learningRate(Float.MIN_VALUE)).run());
    // The convolution's 3 biases and 27 weights come first.
    float[] moved =
        TinyJob.parameters(
            train(
                    "rates",
                    config -> config.set("layer_rates", Map.of("1", 0.0)).set("bias_rate", 2))
                .run());
    float[] plain = TinyJob.parameters(train("even", config -> config).run());

    assertThat(Arrays.copyOf(moved, 30)).isEqualTo(Arrays.copyOf(start, 30));
    assertThat(Arrays.copyOf(plain, 30)).isNotEqualTo(Arrays.copyOf(start, 30));
    assertThat(Arrays.copyOfRange(moved, 30, moved.length))
        .isNotEqualTo(Arrays.copyOfRange(start, 30, moved.length));
    assertThatThrownBy(
            () -> train("misnamed", config -> config.set("layer_rates", Map.of("rely", 2.0))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Unknown layer of model tiny: rely");
  }

  /** With smoothed labels the lowest loss is the labels' entropy, which is far from zero. */
  @Test
  void smoothsLabels() {
    UnaryOperator<TrainingConfig.Builder> base = config -> config.epochs(20).learningRate(0.1);
    double plain = train("unsmoothed", base).loss();
    double smoothed =
        train("smoothed", config -> base.apply(config).set("label_smoothing", 0.5)).loss();

    assertThat(smoothed).isGreaterThan(plain + 0.5);
  }

  @Test
  @Exact
  void cutsTheParametersWithoutAnyInfluence() {
    String fine = train("fine", config -> config).parametersSha256();
    String whole = train("whole", config -> config.set("slice_bytes", 1 << 20)).parametersSha256();

    assertThat(whole).isEqualTo(fine);
  }

  @ParameterizedTest
  @EnumSource(UpdaterState.class)
  @Exact
  void stoppedAndResumedIsUndisturbed(UpdaterState state) {
    UnaryOperator<TrainingConfig.Builder> base =
        config ->
            config.set("updater_state", state).checkpointEvery(3).augmentations(List.of("shift"));
    TrainResult undisturbed = train("undisturbed-" + state, base);
    String run = "stopped-" + state;
    TrainResult resumed = stopAndResume(run, 5, base);

    assertThat(undisturbed.rounds()).isEqualTo(6);
    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed.parametersSha256());
    assertThat(resumed.examples()).isEqualTo(undisturbed.examples() / 2);
    assertThat(metrics(run)).extracting(RoundMetrics::round).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(metrics(run).get(5).examplesTotal()).isEqualTo(2 * 271);
  }

  @Test
  @Exact
  void goesOnForMoreEpochs() {
    TrainResult longer = train("longer", config -> config.epochs(3));
    train("extended", config -> config.epochs(1));
    TrainResult extended =
        resume("extended", config -> config.epochs(3).keep(9).checkpointEvery(1));

    assertThat(extended.parametersSha256()).isEqualTo(longer.parametersSha256());
  }

  @Test
  @Exact
  void hasNothingToDoForARunThatIsOver() {
    TrainResult over = train("over", config -> config);
    TrainResult again = resume("over", config -> config);

    assertThat(again.parametersSha256()).isEqualTo(over.parametersSha256());
    assertThat(again.examples()).isZero();
    assertThatThrownBy(() -> resume("over", config -> config.epochs(1)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has done 6 rounds");
  }

  @Test
  void namesWhatDiffersOnResume() {
    train("named", config -> config.epochs(1));

    assertThatThrownBy(() -> resume("named", config -> config.batch(8).momentum(0.5)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("batch: 8 here, 16 in the run")
        .hasMessageContaining("momentum: 0.5 here, 0.9 in the run");
  }

  @Test
  void refusesARunThatIsThereAndResumesNoneThatIsNot() {
    train("there", config -> config.epochs(1));

    assertThatThrownBy(() -> train("there", config -> config))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("--resume");
    assertThatThrownBy(() -> resume("nowhere", config -> config))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds no run");
    assertThat(job.run("nowhere")).doesNotExist();
  }

  @Test
  void saysBothShapesOfAModelThatDoesNotFit() {
    assertThatThrownBy(() -> train("misfit", config -> config.model("alexnet-mini")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("32 x 32")
        .hasMessageContaining("8 x 8 x 1");
    assertThat(job.run("misfit")).doesNotExist();
  }

  @Test
  void refusesMoreRoundsThanAnIntCounts() {
    assertThatThrownBy(() -> train("endless", config -> config.epochs(Integer.MAX_VALUE)))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid epochs: 2147483647 of 9 steps are more than 2147483647 rounds");
    assertThat(job.run("endless")).doesNotExist();
  }

  @Test
  void beginsWithTheParametersOfACheckpoint() {
    TrainResult base = train("base", config -> config.epochs(20).learningRate(0.1));

    List<RoundMetrics> rounds = new ArrayList<>();
    TrainJob.run(
        spark,
        job.config("tuned").epochs(1).init(base.checkpoint()).build(),
        ExistingRun.REFUSE,
        collecting(rounds));

    assertThat(rounds.get(0).accuracy()).isGreaterThan(0.9);
  }

  @Test
  void stopsWhenTheLossIsNoNumber() {
    assertThatThrownBy(() -> train("diverging", config -> config.learningRate(1e30).momentum(0)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("diverged in round")
        .hasMessageContaining("There is no checkpoint yet")
        .hasMessageNotContaining("intact");
  }

  @Test
  void stopsWhenTheLossIsFarAboveThatOfGuessing() {
    assertThatThrownBy(() -> train("far-off", config -> config.learningRate(1e4).momentum(0)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("diverged in round")
        .hasMessageContaining("(guessing one of 4 classes has 1.39)");
  }

  @Test
  void namesTheCheckpointBeforeALossThatIsNoNumber() {
    // The loss of a round is that before its own step, so that of the first one is a number.
    assertThatThrownBy(
            () ->
                train(
                    "diverging-late",
                    config ->
                        config.learningRate(1e30).momentum(0).localSteps(1).checkpointEvery(1)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("diverged in round ")
        .hasMessageMatching(
            ".* Checkpoint %s/checkpoints/00000[1-9] is intact"
                .formatted(job.run("diverging-late")));
  }

  @Test
  void goesOnWhereAnObserverFails() {
    List<RoundMetrics> rounds = new ArrayList<>();
    RoundListener failing =
        new RoundListener() {
          @Override
          public void roundFinished(RoundMetrics metrics) {
            throw new IllegalStateException("an observer fails");
          }
        };
    TrainResult result =
        TrainJob.run(
            spark,
            job.config("observed").build(),
            ExistingRun.REFUSE,
            RoundListeners.observing(failing, collecting(rounds)));

    assertThat(result.rounds()).isEqualTo(6);
    assertThat(rounds).hasSize(6);
  }

  @Test
  void tellsTheListenerWhatTheMetricsFileSays() {
    List<RoundMetrics> rounds = new ArrayList<>();
    TrainJob.run(spark, job.config("listened").build(), ExistingRun.REFUSE, collecting(rounds));

    assertThat(metrics("listened")).isEqualTo(rounds).hasSize(6);
    // 271 samples at 32 a step: 8 full steps and one of 15, in rounds of 3.
    assertThat(rounds)
        .extracting(RoundMetrics::examples)
        .containsExactly(96L, 96L, 79L, 96L, 96L, 79L);
    assertThat(rounds).extracting(RoundMetrics::epoch).containsExactly(1, 1, 1, 2, 2, 2);
    assertThat(rounds).extracting(RoundMetrics::step).containsExactly(3L, 6L, 9L, 12L, 15L, 18L);
    assertThat(rounds).allMatch(round -> round.seconds().compute() > 0);
  }

  private static List<RoundMetrics> metrics(String run) {
    return MetricsLog.read(
        new org.apache.hadoop.fs.Path(job.run(run).toUri()), new Configuration());
  }

  private static RoundListener collecting(List<RoundMetrics> rounds) {
    return new RoundListener() {
      @Override
      public void roundFinished(RoundMetrics metrics) {
        rounds.add(metrics);
      }
    };
  }
}
