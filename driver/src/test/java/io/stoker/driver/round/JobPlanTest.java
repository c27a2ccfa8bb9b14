// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.plan.EpochPlan;
import io.stoker.models.file.TrainingClock;
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
    JobPlan plan = new JobPlan(samples, workers * batch, localSteps, epochs, everyStepEpochs);
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
}
