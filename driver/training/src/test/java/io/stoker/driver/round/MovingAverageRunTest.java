// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

@Exact
class MovingAverageRunTest extends WholeJobs {
  private static final double DECAY = 0.7;

  /** Six rounds of three steps; the running statistics of the model are averaged too. */
  @Test
  void isTheSumOfTheParametersAfterEachRoundWithTheWeightsOfTheirSteps() {
    String run =
        train("rounds", config -> config.model(job.normalized()).checkpointEvery(1).keep(9)).run();

    double[] expected = new double[last(run).length];
    for (int round = 1; round <= 6; round++) {
      double weight = 1 - decays(3 * (round - 1), 3 * round);
      weight *= decays(3 * round, 18);
      float[] after = last(run + "/checkpoints/00000" + round);
      for (int i = 0; i < expected.length; i++) {
        expected[i] += weight * after[i];
      }
    }
    float[] average = average(run);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) average[i]).isCloseTo(expected[i], within(1e-6));
    }
    assertThat(average).isNotEqualTo(last(run));
  }

  /** Six rounds of three steps; the mean leaves out the three of the first epoch. */
  @Test
  void theMeanAfterAnEpochIsThatOfItsRounds() {
    String run =
        train(
                "mean",
                config ->
                    config
                        .model(job.normalized())
                        .set("ema", 0)
                        .set("swa", 1)
                        .checkpointEvery(1)
                        .keep(9))
            .run();

    float[] average = average(run);
    float[][] after = new float[7][];
    for (int round = 4; round <= 6; round++) {
      after[round] = last(run + "/checkpoints/00000" + round);
    }
    for (int i = 0; i < average.length; i++) {
      double mean = ((double) after[4][i] + after[5][i] + after[6][i]) / 3;
      assertThat((double) average[i]).isCloseTo(mean, within(1e-6));
    }
    assertThat(average(run + "/checkpoints/000003")).isEqualTo(last(run + "/checkpoints/000003"));
  }

  private static double decays(int from, int to) {
    double product = 1;
    for (int i = from + 1; i <= to; i++) {
      product *= Math.min(DECAY, (i - 1) / (i + 8.0));
    }
    return product;
  }

  @Test
  void doesNotChangeTraining() {
    String without = TinyJob.train(spark, job.config("without")).parametersSha256();

    assertThat(train("with", config -> config).parametersSha256()).isEqualTo(without);
  }

  @Test
  void isTheSameAfterAResumeAndWhateverTheSlicesAndSlots() {
    for (UnaryOperator<TrainingConfig.Builder> variant :
        List.<UnaryOperator<TrainingConfig.Builder>>of(
            config -> config,
            config -> config.workers(1),
            config -> config.set("wire", Wire.INT8),
            config -> config.set("outer_momentum", 0.7),
            config -> config.set("overlap_steps", 1),
            config -> config.set("ema", 0).set("swa", 2))) {
      UnaryOperator<TrainingConfig.Builder> base =
          config -> variant.apply(config).epochs(3).checkpointEvery(2);
      String name = "variant-" + System.identityHashCode(variant);
      float[] undisturbed = average(train(name, base).run());

      assertThat(average(stopAndResume(name + "-stopped", 5, base).run())).isEqualTo(undisturbed);
      assertThat(
              average(
                  train(name + "-uncut", config -> base.apply(config).set("slice_bytes", 1 << 20))
                      .run()))
          .isEqualTo(undisturbed);
    }
  }

  @Test
  void evaluationsAndValidationsUseItUnlessTheLastParametersAreAskedFor() {
    TrainResult result =
        train("validated", config -> config.validationSplit("test").validateEvery(1).keep(9));

    EvaluationReport best = evaluate(result.run(), ParameterChoice.BEST);

    assertThat(best.parametersSha256())
        .isEqualTo(evaluate(result.run(), ParameterChoice.EMA).parametersSha256())
        .isNotEqualTo(evaluate(result.run(), ParameterChoice.LAST).parametersSha256());
    assertThat(result.best().orElseThrow().validation().logLoss()).isEqualTo(best.logLoss());
    assertThatThrownBy(
            () -> evaluate(TinyJob.train(spark, job.config("plain")).run(), ParameterChoice.EMA))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot use the moving average of ")
        .hasMessageEndingWith("it was trained without --ema and --swa (say --parameters last)");
  }

  @Test
  void layersThatDoNotLearnBeginWithTheAverageOfTheInitialModelAndKeepIt() {
    String initial = train("initial", config -> config).run();

    String tuned =
        train("tuned", config -> config.init(initial).freeze("1").set("outer_momentum", 0.5)).run();

    float[] frozen = Arrays.copyOf(average(initial), 30);
    assertThat(average(tuned)).startsWith(frozen);
    assertThat(last(tuned)).startsWith(frozen);
    assertThat(average(tuned)).isNotEqualTo(average(initial)).isNotEqualTo(last(tuned));
  }

  private static EvaluationReport evaluate(String run, ParameterChoice choice) {
    return EvaluateJob.run(
        spark,
        new EvaluateRequest(
            new Inference(run, choice, "auto"), job.data().toString(), "test", 16, 1));
  }

  private static float[] average(String checkpoint) {
    return TinyJob.parameters(checkpoint, ParameterChoice.EMA);
  }

  private static float[] last(String checkpoint) {
    return TinyJob.parameters(checkpoint, ParameterChoice.LAST);
  }

  @Override
  TrainingConfig.Builder config(String run) {
    return job.config(run).set("ema", DECAY);
  }
}
