// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Exact
class OuterStepRunTest extends WholeJobs {
  @Test
  void plainAveragingIsRateOneWithoutMomentum() {
    String plain = train("plain", config -> config).parametersSha256();

    assertThat(
            train(
                    "one",
                    config ->
                        config
                            .set("outer_rate", 1)
                            .set("outer_momentum", 0)
                            .set("outer_nesterov", true))
                .parametersSha256())
        .isEqualTo(plain);
    assertThat(train("ahead", config -> config.set("outer_momentum", 0.5)).parametersSha256())
        .isNotEqualTo(plain);
  }

  /** One round, of which the parameters before and the workers' mean are known from other runs. */
  @Test
  void goesPartOfTheWayToTheMean() {
    UnaryOperator<TrainingConfig.Builder> oneRound = config -> config.epochs(1).localSteps(9);
    float[] before =
        TinyJob.parameters(
            train("before", config -> oneRound.apply(config).learningRate(Float.MIN_VALUE)).run());
    float[] mean = TinyJob.parameters(train("mean", oneRound).run());

    float[] half =
        TinyJob.parameters(
            train("half", config -> oneRound.apply(config).set("outer_rate", 0.5)).run());

    for (int i = 0; i < mean.length; i++) {
      assertThat(half[i]).isCloseTo(before[i] + (mean[i] - before[i]) / 2, within(1e-6f));
    }
  }

  @Test
  void survivesResumeAndDoesNotDependOnSlices() {
    UnaryOperator<TrainingConfig.Builder> base =
        config -> config.set("outer_momentum", 0.7).set("outer_nesterov", true).checkpointEvery(2);
    String undisturbed = assertSameBitsAfterAStop("undisturbed", 5, base);

    assertThat(
            train("uncut", config -> base.apply(config).set("slice_bytes", 1 << 20))
                .parametersSha256())
        .isEqualTo(undisturbed);
  }

  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP16", "INT8"})
  void changesInFewerBytesComeNearAndDoNotDependOnSlices(Wire wire) {
    float[] exact = TinyJob.parameters(train("exact-" + wire, config -> config).run());

    TrainResult rounded = train("rounded-" + wire, config -> config.set("wire", wire));

    float[] values = TinyJob.parameters(rounded.run());
    assertThat(values).isNotEqualTo(exact);
    for (int i = 0; i < exact.length; i++) {
      assertThat(values[i]).isCloseTo(exact[i], within(5e-3f));
    }
    assertThat(
            train("uncut-" + wire, config -> config.set("wire", wire).set("slice_bytes", 1 << 20))
                .parametersSha256())
        .isEqualTo(rounded.parametersSha256());
  }

  @Test
  void runningStatisticsTravelInFull() {
    assertThatThrownBy(
            () ->
                train(
                    "normalized", config -> config.model(job.normalized()).set("wire", Wire.INT8)))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot send what changes in normalized as int8: its running");
  }
}
