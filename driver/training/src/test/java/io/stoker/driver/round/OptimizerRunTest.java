// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
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
  private void assertSameBits(String name, UnaryOperator<TrainingConfig.Builder> change) {
    UnaryOperator<TrainingConfig.Builder> base =
        config -> change.apply(config.workers(3).checkpointEvery(2));
    String undisturbed = assertSameBitsAfterAStop(name, 3, base);
    assertThat(undisturbed)
        .isNotEqualTo(train(name + "-without", config -> config.workers(3)).parametersSha256());
    assertThat(
            train(name + "-uncut", config -> base.apply(config).set("slice_bytes", 1 << 20))
                .parametersSha256())
        .isEqualTo(undisturbed);
  }
}
