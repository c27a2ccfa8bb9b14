// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.job.ExistingRun;
import io.stoker.testing.Exact;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The workers' optimizers in whole jobs. */
@Exact
class OptimizerRunTest extends WholeJobs {
  @Test
  void nesterovsMomentumSurvivesResumeAndDoesNotDependOnSlices() {
    assertSameBits("nesterov", config -> config.set("nesterov", true));
  }

  @Test
  void adamWSurvivesResumeAndDoesNotDependOnSlices() {
    assertSameBits("adamw", config -> config.set("optimizer", "adamw"));
    assertSameBits(
        "adamw-reset",
        config -> config.set("optimizer", "adamw").set("updater_state", UpdaterState.RESET));
  }

  @Test
  void adamWAlsoOverlapsRounds() {
    assertSameBits(
        "adamw-overlap",
        config ->
            config
                .set("optimizer", "adamw")
                .workers(2)
                .set("overlap_steps", 1)
                .set("outer_momentum", 0.5));
  }

  /** A resumed job and one whose parameters are one slice give the bits of an undisturbed one. */
  private static void assertSameBits(String name, UnaryOperator<TrainingConfig.Builder> change) {
    UnaryOperator<TrainingConfig.Builder> base =
        config -> change.apply(config.workers(3).checkpointEvery(2));
    String undisturbed = train(name, base).parametersSha256();
    assertThat(undisturbed)
        .isNotEqualTo(train(name + "-without", config -> config.workers(3)).parametersSha256());
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    base.apply(job.config(name + "-stopped")).build(),
                    ExistingRun.REFUSE,
                    TinyJob.stoppingAfter(3)))
        .hasMessage("stopped");

    assertThat(
            TrainJob.run(
                    spark,
                    base.apply(job.config(name + "-stopped")).build(),
                    ExistingRun.RESUME,
                    RoundListener.NONE)
                .parametersSha256())
        .isEqualTo(undisturbed);
    assertThat(
            train(name + "-uncut", config -> base.apply(config).set("slice_bytes", 1 << 20))
                .parametersSha256())
        .isEqualTo(undisturbed);
  }

  private static TrainResult train(String run, UnaryOperator<TrainingConfig.Builder> change) {
    return TrainJob.run(
        spark, change.apply(job.config(run)).build(), ExistingRun.REFUSE, RoundListener.NONE);
  }
}
