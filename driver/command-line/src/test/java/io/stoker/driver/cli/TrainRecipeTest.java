// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.plan.Sampling;
import io.stoker.driver.config.ClassWeighting;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.InputException;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.worker.eval.TestViews;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What {@code train --recipe FILE.yaml} makes of a file. */
class TrainRecipeTest {
  /**
   * Each option, with a value other than its default; overlap goes with fp32 alone, cutmix with
   * equal classes.
   */
  @Test
  void aRecipeTakesTheNamesOfAllOptions(@TempDir Path folder) throws IOException {
    String text =
        """
        data: d
        run: r
        model: lenet5
        classes: 4
        workers: 3
        batch: 16
        local-steps: 2
        epochs: 7
        learning-rate: 0.5
        optimizer: sgd
        momentum: 0.5
        beta2: 0.95
        epsilon: 0.5
        nesterov: true
        scale-rate: 0.5
        weight-decay: 0.25
        updater-state: reset
        augment: [shift=2, flip]
        schedule: plateau
        rate-factor: 0.5
        rate-epochs: 3
        warm-up: 1.5
        bias-rate: 2
        clip-norm: 3
        label-smoothing: 0.25
        mixup: 0.5
        cutmix: 0
        repeats: 2
        class-weights: balanced
        sampling: balanced
        every-step-epochs: 1
        outer-rate: 0.5
        outer-momentum: 0.5
        outer-nesterov: true
        ema: 0.75
        swa: 0
        size-schedule: 20@0,28@2
        wire: fp16
        overlap: false
        overlap-steps: 0
        quorum: 1
        work-by-speed: true
        replay: other
        seed: 9
        checkpoint-every: 4
        keep: 5
        validate-every: 6
        validation-split: test
        patience: 7
        calibrate: true
        metric: macro-f1
        tta: flip
        init: c
        freeze: 1
        normalization: init
        engine: dl4j
        precision: bf16
        convolution: direct
        device: CPU
        gang: true
        dashboard: 8080
        tensorboard: events
        mlflow: http://localhost:5000
        timing: true
        input: images
        format: idx
        resume: false
        """;
    TrainCommand command = train(folder, text, "--epochs", "8", "--augment", "flip");
    TrainingConfig config = command.config();
    Map<String, Object> values = new TreeMap<>();
    CommandSpec spec = command.spec();
    spec.options().forEach(option -> values.put(option.longestName(), option.getValue()));

    assertThat(config)
        .isEqualTo(
            TrainingConfig.builder()
                .data("d")
                .run("r")
                .model("lenet5")
                .workers(3)
                .batch(16)
                .localSteps(2)
                .epochs(8)
                .learningRate(0.5)
                .momentum(0.5)
                .set("beta2", 0.95)
                .set("epsilon", 0.5)
                .set("nesterov", true)
                .set("scale_rate", 0.5)
                .weightDecay(0.25)
                .set("updater_state", UpdaterState.RESET)
                .augmentations(List.of("flip"))
                .schedule(new LearningRateSchedule.Plateau(0.5, 3, 1.5))
                .set("bias_rate", 2)
                .set("clip_norm", 3)
                .set("label_smoothing", 0.25)
                .set("mixup", 0.5)
                .set("repeats", 2)
                .set("sampling", Sampling.BALANCED)
                .set("class_weights", new ClassWeighting.Balanced())
                .set("every_step_epochs", 1)
                .set("outer_rate", 0.5)
                .set("outer_momentum", 0.5)
                .set("outer_nesterov", true)
                .set("ema", 0.75)
                .set("work_by_speed", true)
                .set("size_schedule", "20@0,28@2")
                .set("wire", Wire.FP16)
                .seed(9)
                .checkpointEvery(4)
                .keep(5)
                .validateEvery(6)
                .validationSplit("test")
                .patience(7)
                .metric(SelectionMetric.MACRO_F1)
                .set("tta", TestViews.FLIP)
                .set("calibrate", true)
                .init("c")
                .freeze("1")
                .normalization(NormalizationSource.INIT)
                .engine("dl4j")
                .precision(Precision.BF16)
                .convolution(ConvolutionAlgorithm.DIRECT)
                .set("mlflow", "http://localhost:5000")
                .build());
    assertThat(values)
        .containsEntry("--classes", 4)
        .containsEntry("--timing", true)
        .containsEntry("--input", "images")
        .containsEntry("--format", "idx")
        .containsEntry("--gang", true)
        .containsEntry("--dashboard", 8080)
        .containsEntry("--tensorboard", "events")
        .containsEntry("--resume", null);
    assertThat(values.get("--device")).isEqualTo("cpu");
    // An option that is new is to be in this recipe too.
    assertThat(text.lines().map(line -> "--" + line.split(":", 2)[0]).toList())
        .containsExactlyInAnyOrderElementsOf(
            values.keySet().stream()
                .filter(name -> !name.matches("--(recipe|preset|json|verbose|help)"))
                .toList());
  }

  @Test
  void aRecipesOverlapIsHalfOfItsLocalStepsUnlessItSaysHowMany(@TempDir Path folder)
      throws IOException {
    String text = "model: lenet5\nlocal-steps: 8\noverlap: true\n";

    assertThat(train(folder, text).config().averaging().overlapSteps()).isEqualTo(4);
    assertThat(train(folder, text + "overlap-steps: 3").config().averaging().overlapSteps())
        .isEqualTo(3);
    assertThat(train(folder, text, "--overlap-steps", "0").config().averaging().overlapSteps())
        .isZero();
  }

  @Test
  void aRecipesCosineEndsWithTheEpochsOfTheCommandLine(@TempDir Path folder) throws IOException {
    TrainCommand command =
        train(folder, "model: lenet5\nschedule: cosine\nwarm-up: 1", "--epochs", "5");

    assertThat(command.config().optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.Cosine(5, 1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rate-factor: many | Invalid value for option '--rate-factor'",
        "gang: perhaps | Invalid value for option '--gang'",
        "schedule: cosin | Invalid value for option '--schedule'",
        "device: {kind: gpu} | 'device' has a value of the wrong kind",
        "json: true | unknown key 'json'",
        "recipe: other.yaml | unknown key 'recipe'",
      })
  void saysWhichValueOfARecipeDoesNotFit(String text, String message, @TempDir Path folder)
      throws IOException {
    TrainCommand command = train(folder, text);

    assertThatThrownBy(command::config)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("recipe.yaml")
        .hasMessageContaining(message);
  }

  private static TrainCommand train(Path folder, String recipe, String... options)
      throws IOException {
    Path file = Files.writeString(folder.resolve("recipe.yaml"), recipe);
    List<String> arguments = new ArrayList<>(List.of("--recipe", file.toString()));
    if (!recipe.contains("data:")) {
      arguments.addAll(List.of("--data", "d", "--run", "r"));
    }
    arguments.addAll(List.of(options));
    TrainCommand command = new TrainCommand(null);
    new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(arguments.toArray(String[]::new));
    return command;
  }
}
