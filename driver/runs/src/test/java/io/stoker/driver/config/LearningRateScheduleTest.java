// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import io.stoker.models.engine.StepSettings;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {
  private static final int STEPS = 10;

  @Test
  void constantIsTheBaseRateAllTheWay() {
    LearningRateSchedule schedule = new LearningRateSchedule.Constant(0);

    assertThat(schedule.factor(0, STEPS)).isEqualTo(1);
    assertThat(schedule.factor(1_000_000, STEPS)).isEqualTo(1);
  }

  @Test
  void warmUpClimbsInEqualSteps() {
    LearningRateSchedule schedule = new LearningRateSchedule.Constant(0.5);

    for (int step = 0; step < 5; step++) {
      assertThat(schedule.factor(step, STEPS)).isCloseTo((step + 1) / 5.0, within(1e-12));
    }
    assertThat(schedule.factor(5, STEPS)).isEqualTo(1);
  }

  @Test
  void stepDecayMultipliesAtEachInterval() {
    LearningRateSchedule schedule = new LearningRateSchedule.StepDecay(0.1, 2, 0);

    assertThat(schedule.factor(19, STEPS)).isEqualTo(1);
    assertThat(schedule.factor(20, STEPS)).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.factor(59, STEPS)).isCloseTo(0.01, within(1e-12));
  }

  @Test
  void cosineFallsFromTheWarmUpsEndToZero() {
    LearningRateSchedule schedule = new LearningRateSchedule.Cosine(9, 1);

    assertThat(schedule.factor(10, STEPS)).isCloseTo(1, within(1e-12));
    assertThat(schedule.factor(50, STEPS)).isCloseTo(0.5, within(1e-12));
    assertThat(schedule.factor(30, STEPS)).isCloseTo(0.5 + Math.sqrt(0.125), within(1e-12));
    assertThat(schedule.factor(90, STEPS)).isCloseTo(0, within(1e-12));
    assertThat(schedule.factor(900, STEPS)).isCloseTo(0, within(1e-12));
  }

  @Test
  void linearFallsInAStraightLineFromTheWarmUpsEndToZero() {
    LearningRateSchedule schedule = new LearningRateSchedule.Linear(9, 1);

    assertThat(schedule.factor(0, STEPS)).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.factor(10, STEPS)).isEqualTo(1);
    assertThat(schedule.factor(30, STEPS)).isCloseTo(0.75, within(1e-12));
    assertThat(schedule.factor(90, STEPS)).isZero();
    assertThat(schedule.factor(900, STEPS)).isZero();
  }

  /** The numbers are of PyTorch's OneCycleLR, whose steps are one fewer in each part. */
  @Test
  void oneCycleRisesAndFallsAsPyTorchsDoes() {
    LearningRateSchedule schedule = new LearningRateSchedule.OneCycle(10, 3);

    assertThat(schedule.factor(0, STEPS)).isCloseTo(0.04, within(1e-12));
    assertThat(schedule.factor(15, STEPS)).isCloseTo(0.52, within(1e-12));
    assertThat(schedule.factor(30, STEPS)).isCloseTo(1, within(1e-12));
    assertThat(schedule.factor(65, STEPS)).isCloseTo(0.500002, within(1e-12));
    assertThat(schedule.factor(100, STEPS)).isCloseTo(4e-6, within(1e-12));
    assertThat(schedule.factor(900, STEPS)).isCloseTo(4e-6, within(1e-12));
    assertThat(new LearningRateSchedule.OneCycle(10, 0)).isEqualTo(schedule);
  }

  @Test
  void plateauMultipliesWhenTheLossHasStoppedFalling() {
    LearningRateSchedule schedule = new LearningRateSchedule.Plateau(0.1, 2, 0);

    assertThat(schedule.factor(1000, STEPS)).isEqualTo(1);
    assertThat(schedule.reduction(List.of())).isEqualTo(1);
    assertThat(schedule.reduction(List.of(2.0, 1.0, 1.1))).isEqualTo(1);
    // A ten-thousandth is no progress.
    assertThat(schedule.reduction(List.of(2.0, 1.0, 1.1, 0.99995))).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.reduction(List.of(2.0, 1.0, 1.1, 0.9, 1.0))).isEqualTo(1);
    assertThat(schedule.reduction(List.of(2.0, 1.0, 1.1, 1.0, 1.0))).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.reduction(List.of(2.0, 1.0, 1.1, 1.0, 1.0, 1.0)))
        .isCloseTo(0.01, within(1e-12));
  }

  @Test
  void warmsUpAnySchedule() {
    for (LearningRateSchedule schedule :
        List.of(
            new LearningRateSchedule.Constant(0),
            new LearningRateSchedule.StepDecay(0.1, 2, 0),
            new LearningRateSchedule.Cosine(9, 0),
            new LearningRateSchedule.Linear(9, 0),
            new LearningRateSchedule.Plateau(0.1, 2, 0))) {
      LearningRateSchedule warm = schedule.withWarmUp(1);

      assertThat(warm.factor(0, STEPS)).isCloseTo(0.1, within(1e-12));
      assertThat(warm.withWarmUp(0)).isEqualTo(schedule);
    }
  }

  @Test
  void settingsFollowTheLossesOfTheEpochsBefore() {
    TrainingConfig config =
        TrainingConfigTest.minimal()
            .learningRate(0.5)
            .schedule(new LearningRateSchedule.Plateau(0.5, 1, 0))
            .set("clip_norm", 3)
            .set("label_smoothing", 0.125)
            .build();
    ConfiguredSteps start = ConfiguredSteps.of(config, Optional.empty(), STEPS);

    assertThat(start.after(List.of(1.0)).at(10)).isEqualTo(new StepSettings(0.5f, 0.9f, 5e-4f, 3));
    assertThat(start.after(List.of(1.0, 1.0)).at(20))
        .isEqualTo(new StepSettings(0.25f, 0.9f, 5e-4f, 3));
    assertThat(start.after(List.of(1.0)).labelSmoothing()).isEqualTo(0.125f);
  }

  @Test
  void settingsHoldTheScheduledRate() {
    TrainingConfig config =
        TrainingConfigTest.minimal()
            .learningRate(0.5)
            .schedule(new LearningRateSchedule.StepDecay(0.5, 1, 0))
            .build();

    assertThat(ConfiguredSteps.of(config, Optional.empty(), STEPS).at(10))
        .isEqualTo(new StepSettings(0.25f, 0.9f, 0.0005f));
  }

  @Test
  void stepsOfAdamWCountFromTheBeginningOfWhatTheMomentsHaveSeen() {
    TrainingConfig config =
        TrainingConfigTest.minimal()
            .set("optimizer", "adamw")
            .set("beta2", 0.95)
            .set("epsilon", 1e-6)
            .build();
    ConfiguredSteps averaged = ConfiguredSteps.of(config, Optional.empty(), STEPS);
    ConfiguredSteps reset =
        ConfiguredSteps.of(
            config.toBuilder().set("updater_state", UpdaterState.RESET).build(),
            Optional.empty(),
            STEPS);

    assertThat(averaged.at(41, 1).adam()).isEqualTo(new StepSettings.Adam(0.95f, 1e-6f, 42));
    assertThat(reset.at(41, 1).adam()).isEqualTo(new StepSettings.Adam(0.95f, 1e-6f, 2));
    assertThat(averaged.at(41, 1).stateVectors()).isEqualTo(2);
  }

  @Test
  void settingsHoldTheKindOfTheMomentum() {
    TrainingConfig config = TrainingConfigTest.minimal().set("nesterov", true).build();

    assertThat(ConfiguredSteps.of(config, Optional.empty(), STEPS).after(List.of()).at(0).ahead())
        .isEqualTo(0.9f);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> new LearningRateSchedule.Constant(-1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid warm-up: -1.0 epochs");
    assertThatThrownBy(() -> new LearningRateSchedule.StepDecay(0.1, 0, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("The schedule step has no every-epochs");
    assertThatThrownBy(() -> new LearningRateSchedule.StepDecay(0.1, -1, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid step interval");
    assertThatThrownBy(() -> new LearningRateSchedule.Plateau(1, 5, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid plateau factor: 1.0");
    assertThatThrownBy(() -> new LearningRateSchedule.Plateau(0.1, 0, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("The schedule plateau has no patience-epochs");
    assertThatThrownBy(() -> new LearningRateSchedule.Plateau(0.1, -1, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid plateau patience: -1 epochs");
    assertThatThrownBy(() -> new LearningRateSchedule.Cosine(1, 1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid epochs: 1.0 (with the schedule cosine");
    assertThatThrownBy(() -> new LearningRateSchedule.OneCycle(3, 3))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid epochs: 3.0 (with the schedule one-cycle");
  }
}
