// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.command.TrainingOptions;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.failure.InputException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class TrainingOptionsTest {
  private final TrainingConfig recipe =
      TrainingConfig.builder()
          .data("data")
          .run("run")
          .model("lenet5")
          .epochs(30)
          .schedule(new LearningRateSchedule.StepDecay(0.5, 7, 2))
          .set("bias_rate", 2)
          .build();

  @Test
  void keepWhatTheRecipeSaysUnlessTheySayOtherwise() {
    assertThat(over()).isEqualTo(recipe);
    assertThat(over("--clip-norm", "5", "--label-smoothing", "0.1", "--every-step-epochs", "3"))
        .isEqualTo(
            recipe.toBuilder()
                .set("clip_norm", 5)
                .set("label_smoothing", 0.1)
                .set("every_step_epochs", 3)
                .build());
    assertThat(over("--outer-rate", "0.5", "--outer-momentum", "0.7", "--outer-nesterov"))
        .isEqualTo(
            recipe.toBuilder()
                .set("outer_rate", 0.5)
                .set("outer_momentum", 0.7)
                .set("outer_nesterov", true)
                .build());
    assertThat(over("--mixup", "0.2").data().mixup()).isEqualTo(0.2);
    assertThat(over("--bias-rate", "1").optimizer().biasRate()).isEqualTo(1);
    assertThat(over("--nesterov", "--scale-rate", "0"))
        .isEqualTo(recipe.toBuilder().set("nesterov", true).set("scale_rate", 0.0).build());
  }

  @Test
  void overlapHalfOfTheLocalStepsUnlessTheySayHowMany() {
    assertThat(over().averaging().overlapSteps()).isZero();
    assertThat(over("--overlap").averaging().overlapSteps()).isEqualTo(5);
    assertThat(over("--overlap", "--overlap-steps", "2").averaging().overlapSteps()).isEqualTo(2);
    assertThat(over("--overlap-steps", "2").averaging().overlapSteps()).isEqualTo(2);
    assertThatThrownBy(() -> over("--overlap-steps", "10"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid overlap: 10 steps (must be less than the local steps");
    assertThat(over("--overlap=false").averaging().overlapSteps()).isZero();
    assertThatThrownBy(() -> over("--overlap=false", "--overlap-steps", "2"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid overlap: false, with 2 overlap steps");
    assertThatThrownBy(() -> over("--overlap", "--wire", "fp16"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid wire: fp16 with overlap");
  }

  @Test
  void makeSchedules() {
    assertThat(over("--schedule", "cosine").optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.Cosine(30, 2));
    assertThat(over("--schedule", "constant", "--warm-up", "0").optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.Constant(0));
    assertThat(over("--warm-up", "1").optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.StepDecay(0.5, 7, 1));
    assertThat(over("--schedule", "step", "--rate-epochs", "2.5").optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.StepDecay(0.1, 2.5, 2));
    assertThat(
            over("--schedule=plateau", "--rate-epochs=4", "--rate-factor=0.2")
                .optimizer()
                .schedule())
        .isEqualTo(new LearningRateSchedule.Plateau(0.2, 4, 2));
  }

  @Test
  void sayWhatDoesNotGoTogether() {
    assertThatThrownBy(() -> over("--schedule", "plateau"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("--rate-epochs");
    assertThatThrownBy(() -> over("--schedule", "cosine", "--rate-factor", "0.1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("--rate-factor");
    assertThatThrownBy(() -> over("--schedule", "plateau", "--rate-epochs", "1.5"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid --rate-epochs: 1.5");
  }

  private TrainingConfig over(String... arguments) {
    CommandSpec command = CommandSpec.create();
    TrainingOptions options = TrainingOptions.addAll(command, Set.of());
    new CommandLine(command).parseArgs(arguments);
    return options.over(recipe.toBuilder());
  }
}
