// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Jobs of two workers whose rounds overlap, in groups of the three rounds of an epoch. */
@Exact
@Tag("slow")
class OverlapRunTest extends WholeJobs {
  private static String undisturbed;

  @BeforeAll
  static void trainUndisturbed() {
    undisturbed = new OverlapRunTest().train("undisturbed", config -> config).parametersSha256();
  }

  @Override
  TrainingConfig.Builder config(String run) {
    return job.config(run).epochs(4).set("overlap_steps", 1);
  }

  @Test
  void theResultDependsOnTheOverlap() {
    assertThat(train("again", config -> config).parametersSha256()).isEqualTo(undisturbed);
    assertThat(train("other", config -> config.set("overlap_steps", 2)).parametersSha256())
        .isNotEqualTo(undisturbed);
    assertThat(train("none", config -> config.set("overlap_steps", 0)).parametersSha256())
        .isNotEqualTo(undisturbed);
  }

  @Test
  void theResultDependsNeitherOnSlicesNorOnCheckpoints() throws IOException {
    assertThat(train("uncut", config -> config.set("slice_bytes", 1 << 20)).parametersSha256())
        .isEqualTo(undisturbed);
    assertThat(train("often", config -> config.checkpointEvery(1).keep(9)).parametersSha256())
        .isEqualTo(undisturbed);
    assertThat(train("fourth", config -> config.checkpointEvery(4).keep(9)).parametersSha256())
        .isEqualTo(undisturbed);

    assertThat(checkpoints("often")).containsExactly("000003", "000006", "000009", "000012");
    assertThat(checkpoints("fourth")).containsExactly("000006", "000009", "000012");
  }

  private static List<String> checkpoints(String run) throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve(run).resolve("checkpoints"))) {
      return all.map(checkpoint -> checkpoint.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aRunThatIsResumedGivesTheSameBits() {
    TrainResult resumed = stopAndResume("stopped", 8, config -> config.checkpointEvery(2));

    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed);
    assertThat(resumed.rounds()).isEqualTo(12);
  }

  @Test
  void moreEpochsLaterGiveTheSameBits() {
    train("shorter", config -> config.epochs(3));

    assertThat(resume("shorter", config -> config).parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  void aRunIsResumedWithItsOverlapOnly() {
    train("with-overlap", config -> config.epochs(1));

    assertThatThrownBy(() -> resume("with-overlap", config -> config.set("overlap_steps", 0)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("overlap steps: not set here, 1 in the run");
  }

  @Test
  void moreWorkersThanSlotsEndTheJobWithOneLine() {
    assertThatThrownBy(() -> train("three-workers", config -> config.workers(3)))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("Cannot train 3 workers at once: local[2] has 2 slots")
        .hasMessageContaining("or leave out --overlap");
    assertThat(folder.resolve("three-workers")).doesNotExist();
  }

  @Test
  void outerMomentumAndResetMomentumWork() {
    UnaryOperator<TrainingConfig.Builder> outer =
        config -> config.set("outer_momentum", 0.5).set("outer_nesterov", true).checkpointEvery(3);

    assertThat(assertSameBitsAfterAStop("outer", 5, outer)).isNotEqualTo(undisturbed);
    assertThat(
            train("reset", config -> config.set("updater_state", UpdaterState.RESET))
                .parametersSha256())
        .isNotEqualTo(undisturbed);
  }

  @Test
  void runningStatisticsStayPositive() {
    TrainResult result = train("normalized", config -> config.model(job.normalized()));

    assertThat(result.loss()).isFinite();
    assertThat(TinyJob.parameters(result.run())).doesNotContain(Float.NaN);
  }
}
