// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
  private static final Set<String> OPTIONS = Set.of("augment", "schedule", "warm-up", "gang");

  @TempDir Path folder;

  @Test
  void isReadOverTheDefaults() {
    TrainingConfig config =
        read("""
        model: alexnet-mini   # a comment
        learning-rate: 0.1
        local_steps: 5
        augmentations: [crop, flip]
        schedule: {type: step, factor: 0.1, every-epochs: 30}
        layer-rates: {"dense 10": 2, "1": 0.5}
        """)
            .config()
            .data("data")
            .run("run")
            .build();

    assertThat(config.optimizer().learningRate()).isEqualTo(0.1);
    assertThat(config.rounds().localSteps()).isEqualTo(LocalSteps.of(5));
    assertThat(config.data().augmentations()).isEqualTo(List.of("crop", "flip"));
    assertThat(config.optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.StepDecay(0.1, 30, 0));
    assertThat(config.optimizer().layerRates()).isEqualTo(Map.of("dense 10", 2.0, "1", 0.5));
    assertThat(config.rounds().batch())
        .isEqualTo(TrainingConfigTest.minimal().build().rounds().batch());
  }

  @Test
  void keepsTheValuesOfOptionsThatAreNoneOfTheConfig() {
    Recipe recipe = read("schedule: cosine\nwarm_up: 2\naugment: [flip]\ngang: true\nbatch: 8");

    assertThat(recipe.options()).containsOnlyKeys("schedule", "warm-up", "augment", "gang");
    assertThat(recipe.options().get("warm-up").asInt()).isEqualTo(2);
    assertThat(recipe.config().data("data").run("run").model("lenet5").build().rounds().batch())
        .isEqualTo(8);
  }

  @Test
  void keepsTheNamesOfLayersAndClasses() {
    TrainingConfig config =
        read("class-weights: {a-b: 2, c_d: 1}\nlayer-rates: {dense-10: 2}")
            .config()
            .data("data")
            .run("run")
            .model("lenet5")
            .build();

    assertThat(config.loss().classWeights())
        .isEqualTo(new ClassWeighting.PerClass(Map.of("a-b", 2.0, "c_d", 1.0)));
    assertThat(config.optimizer().layerRates()).isEqualTo(Map.of("dense-10", 2.0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "learning-rat: 0.1 | unknown key 'learning_rat'; did you mean 'learning_rate'?",
        "warmup: 1 | unknown key 'warmup'; did you mean 'warm_up'?",
        "schedule: {type: cosin, epochs: 3} | unknown type 'cosin' of 'schedule'",
        "schedule: {type: step, factor: 0.1, every-epochs: 3, warm-up: 1} | unknown key"
            + " 'schedule.warm_up'",
        "schedule: {type: step, factor: 0.1} | The schedule step has no every-epochs",
        "schedule: {type: cosine} | The schedule cosine has no epochs (say 'schedule: cosine'",
        "schedule: {type: one-cycle} | The schedule one-cycle has no epochs",
        "schedule: {type: plateau, factor: 0.1} | The schedule plateau has no patience-epochs",
        "schedule: {type: step, factor: 7, every-epochs: 3} | Invalid step factor: 7.0",
        "schedule: [cosine] | 'schedule'",
        "model: | 'model' has no value",
        "gang: | 'gang' has no value",
        "sampling: balancd | Unknown sampling: 'balancd'; did you mean 'balanced'?",
        "class-weights: {a: many} | Invalid weight of class 'a'",
        "class-weights: {a: 0} | Invalid weight of class 'a': 0.0 (must be a number > 0",
        "class-weights: some | Invalid class weights",
        "batch: many | 'batch' cannot be 'many'",
        "batch: 1.5 | 'batch'",
        "updater-state: averag | Unknown updater state: 'averag'; did you mean 'average'?",
        "batch: [ | line",
        "just words | 'option: value' lines",
        "{batch: 1, batch: 2} | Duplicate field 'batch'",
        "{local-steps: 1, local_steps: 2} | 'local_steps' is there twice",
        "{augment: [flip], augmentations: [flip]} | 'augment' and 'augmentations' are the same",
        "{batch: &b 8, keep: *b} | anchors",
      })
  void saysWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> read(text).config().data("d").run("r").model("m").build())
        .isInstanceOf(InputException.class)
        .hasMessageContaining("recipe.yaml")
        .hasMessageContaining(message);
  }

  @Test
  void isRefusedAtOnceWhereItIsLargeOrNestedDeeply() {
    assertThatThrownBy(() -> read("[".repeat(200_000)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("larger than 65536 bytes");
    assertThatThrownBy(() -> read("augmentations: " + "[".repeat(60_000)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("nested deeper than");
  }

  @Test
  void saysThatThereIsNone() {
    assertThatThrownBy(() -> Recipe.read(folder.resolve("none.yaml"), OPTIONS))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("none.yaml");
  }

  private Recipe read(String text) {
    try {
      return Recipe.read(Files.writeString(folder.resolve("recipe.yaml"), text), OPTIONS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
