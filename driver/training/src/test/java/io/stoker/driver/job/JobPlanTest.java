// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.base.Division;
import io.stoker.data.plan.EpochPlan;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.LocalSteps;
import io.stoker.driver.config.RoundConfig;
import io.stoker.failure.InputException;
import io.stoker.models.file.TrainingClock;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobPlanTest {
  @ParameterizedTest
  @CsvSource({
    "271, 2, 16, 3, 2, 0",
    "271, 4, 16, 1, 3, 1",
    "271, 1, 271, 5, 4, 0",
    "271, 3, 500, 2, 2, 1",
    "64, 2, 16, 2, 3, 0",
    "271, 2, 16, 3, 4, 1",
    "271, 2, 16, 4, 4, 3",
    "271, 2, 16, 5, 2, 7"
  })
  void roundsCoverEachStepOfEachEpochOnce(
      int samples, int workers, int batch, int localSteps, int epochs, int everyStepEpochs) {
    RoundConfig rounds =
        new RoundConfig(workers, batch, LocalSteps.of(localSteps), everyStepEpochs, epochs);
    JobPlan plan = plan(samples, rounds, new LearningRateSchedule.Constant(0));
    EpochPlan epoch = EpochPlan.of(new int[] {samples}, 1, 0, workers, batch);

    assertThat(plan.stepsPerEpoch()).isEqualTo(epoch.steps());
    TrainingClock clock = TrainingClock.START;
    for (int r = 0; r < plan.rounds(); r++) {
      JobPlan.Round round = plan.round(r);
      assertThat(round.globalStep()).isEqualTo(clock.step());
      assertThat(round.epoch()).isEqualTo((int) clock.epoch());
      assertThat(round.firstStep()).isEqualTo(clock.stepOfEpoch());
      assertThat(round.steps()).isBetween(1, round.epoch() < everyStepEpochs ? 1 : localSteps);
      clock = plan.clockAfter(round, clock, 7);
    }
    assertThat(clock)
        .isEqualTo(
            new TrainingClock(
                plan.rounds(), epochs, 0, (long) epochs * epoch.steps(), 7L * plan.rounds()));
  }

  /** Gu et al., 2023, arXiv 2310.14423: max(T, floor((A / rate)^2)). */
  @Test
  void localStepsGrowAsTheRateFalls() {
    RoundConfig rounds = new RoundConfig(1, 1, new LocalSteps(4, 0.21), 1, 9);
    JobPlan plan = plan(300, rounds, new LearningRateSchedule.StepDecay(0.5, 2, 3));

    Map<Integer, Integer> most = new TreeMap<>();
    for (int r = 0; r < plan.rounds(); r++) {
      JobPlan.Round round = plan.round(r);
      most.merge(round.epoch(), round.steps(), Math::max);
    }
    // The rates of epochs 1 to 8 are 0.05 (the warm-up's end), 0.05, 0.05, 0.025, ..., 0.00625.
    assertThat(most)
        .containsExactlyEntriesOf(
            new TreeMap<>(Map.of(0, 1, 1, 17, 2, 17, 3, 17, 4, 70, 5, 70, 6, 282, 7, 282, 8, 300)));
    assertThat(plan.rounds()).isEqualTo(300 + 3 * 18 + 2 * 5 + 2 * 2 + 1);
  }

  @Test
  void aResumeForMoreEpochsKeepsTheRoundsBefore() {
    LearningRateSchedule cosine = new LearningRateSchedule.Cosine(10, 0);
    JobPlan some = plan(100, new RoundConfig(1, 1, new LocalSteps(2, 0.2), 0, 5), cosine);
    JobPlan more = plan(100, new RoundConfig(1, 1, new LocalSteps(2, 0.2), 0, 30), cosine);

    assertThat(IntStream.range(0, some.rounds()).mapToObj(more::round).toList())
        .isEqualTo(IntStream.range(0, some.rounds()).mapToObj(some::round).toList());
  }

  @Test
  void jobsOfBillionsOfRoundsTakeNoMemory() {
    RoundConfig rounds = new RoundConfig(1, 1, LocalSteps.of(1), 0, Integer.MAX_VALUE);

    assertThat(plan(1, rounds, new LearningRateSchedule.Constant(0)).rounds())
        .isEqualTo(Integer.MAX_VALUE);
    JobPlan more = plan(2, rounds, new LearningRateSchedule.Constant(0));
    assertThatThrownBy(more::requireCountable)
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid epochs: 2147483647 of 2 steps are more than 2147483647 rounds");
  }

  /** A range test trains the first ones only. */
  @Test
  void theFirstRoundsOfAJobHaveTheirPlacesHoweverManyThereAre() {
    RoundConfig rounds = new RoundConfig(1, 1, LocalSteps.of(1), 0, 10_000);
    JobPlan plan = plan(214_749, rounds, new LearningRateSchedule.Constant(0));

    assertThat(plan.rounds()).isEqualTo(Integer.MAX_VALUE);
    assertThat(plan.round(9_999)).isEqualTo(new JobPlan.Round(9_999, 0, 9_999, 1, 9_999));
    assertThat(plan.round(Integer.MAX_VALUE - 1).epoch()).isEqualTo(9_999);
  }

  private static JobPlan plan(long samples, RoundConfig rounds, LearningRateSchedule schedule) {
    long steps = Division.ceiling(samples, rounds.globalBatch());
    return new JobPlan(
        samples,
        rounds.globalBatch(),
        rounds.epochs(),
        rounds.localStepsFromEpoch(schedule, 0.1, steps));
  }
}
