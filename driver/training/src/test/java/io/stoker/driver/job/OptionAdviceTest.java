// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.failure.InputException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionAdviceTest {
  private static final int ROUNDS = 20;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "calibrate=true validation_split=train|Cannot use --calibrate with --validation-split train",
        "quorum=0.6|Invalid quorum: 0.6 of 2 workers are all of them",
        "workers=4 quorum=0.76|Invalid quorum: 0.76 of 4 workers are all of them",
        "work_by_speed=true local_steps=1|Invalid work by speed: a round has one local step",
        "validate_every=21|Invalid validation interval: 21 rounds, and training has 20"
      })
  void whatCannotHaveAnEffectIsRefused(String options, String message) {
    assertThatThrownBy(() -> OptionAdvice.require(config(options), ROUNDS))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @CsvSource({
    "calibrate=true validation_split=validation",
    "quorum=0.5",
    "workers=4 quorum=0.75",
    "workers=3 quorum=0.66",
    "work_by_speed=true local_steps=2",
    "validate_every=20",
    "validate_every=-1"
  })
  void whatHasAnEffectIsNot(String options) {
    assertThatCode(() -> OptionAdvice.require(config(options), ROUNDS)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "beta2=0.9|--beta2 has no effect",
        "epsilon=0.001|--epsilon has no effect",
        "updater_state=reset momentum=0|--updater-state reset has no effect",
        "outer_nesterov=true|--outer-nesterov has no effect",
        "convolution=rounded precision=fp32|--convolution rounded, blocks and bfloat16",
        "class_weights=balanced sampling=balanced|--class-weights balanced and --sampling balanced",
        "repeats=2 batch=32|--repeats without --augment",
        "mixup=0.2 batch=1|--mixup and --cutmix have no effect"
      })
  void whatHasNoEffectBesideTheOthersIsTold(String options, String beginning) {
    assertThat(OptionAdvice.of(config(options))).singleElement().asString().startsWith(beginning);
  }

  @ParameterizedTest
  @CsvSource({
    "seed=1",
    "optimizer=adamw beta2=0.9 epsilon=0.001",
    "updater_state=reset",
    "outer_nesterov=true outer_momentum=0.5",
    "convolution=rounded precision=bf16",
    "class_weights=balanced",
    "repeats=2 batch=32 mixup=0.2"
  })
  void whatHasAnEffectIsNotTold(String options) {
    assertThat(OptionAdvice.of(config(options))).isEmpty();
  }

  @Test
  void aRateThatIsNeverLoweredIsTold() {
    TrainingConfig.Builder builder = config("epochs=10").toBuilder();

    assertThat(
            OptionAdvice.of(
                builder.schedule(new LearningRateSchedule.StepDecay(0.1, 10, 0)).build()))
        .singleElement()
        .asString()
        .startsWith("The learning rate is never lowered");
    assertThat(
            OptionAdvice.of(
                builder.schedule(new LearningRateSchedule.StepDecay(0.1, 9.5, 0)).build()))
        .isEmpty();
    assertThat(OptionAdvice.of(builder.schedule(new LearningRateSchedule.Constant(11)).build()))
        .containsExactly("--warm-up does not end: training has fewer epochs");
  }

  /** A job with the options {@code key=value} that are given. */
  private static TrainingConfig config(String options) {
    TrainingConfig.Builder builder =
        TrainingConfig.builder().data("data").run("run").model("lenet5");
    Arrays.stream(options.split(" "))
        .map(option -> option.split("="))
        .forEach(option -> builder.set(option[0], option[1]));
    return builder.build();
  }
}
