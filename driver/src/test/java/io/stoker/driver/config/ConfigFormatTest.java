package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFormatTest {
  @TempDir Path folder;

  @Test
  void writesEveryValueAndReadsItBack() throws IOException {
    TrainingConfig unusual = TrainingConfigTest.unusual();
    String text = ConfigFormat.toJson(unusual).toString();

    assertThat(ConfigFormat.fromJson(new ObjectMapper().readTree(text), "text")).isEqualTo(unusual);
    assertThat(text).contains("\"local_steps\":7", "\"updater_state\":\"reset\"", "\"cosine\"");
  }

  @Test
  void readsARecipeOverTheDefaults() {
    TrainingConfig config =
        ConfigFormat.readRecipe(
                recipe(
                    """
                    model: alexnet-mini   # a comment
                    learning-rate: 0.1
                    local_steps: 5
                    augmentations: [crop, flip]
                    schedule: {type: step, factor: 0.1, every-epochs: 30}
                    layer-rates: {"dense 10": 2, "1": 0.5}
                    """))
            .data("data")
            .run("run")
            .build();

    assertThat(config.optimizer().learningRate()).isEqualTo(0.1);
    assertThat(config.rounds().localSteps()).isEqualTo(5);
    assertThat(config.data().augmentations()).isEqualTo(List.of("crop", "flip"));
    assertThat(config.optimizer().schedule())
        .isEqualTo(new LearningRateSchedule.StepDecay(0.1, 30, 0));
    assertThat(config.optimizer().layerRates()).isEqualTo(Map.of("dense 10", 2.0, "1", 0.5));
    assertThat(config.rounds().batch())
        .isEqualTo(TrainingConfigTest.minimal().build().rounds().batch());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "learning-rat: 0.1 | unknown key 'learning_rat'; did you mean 'learning_rate'?",
        "schedule: {type: cosin, epochs: 3} | unknown type 'cosin' of 'schedule'",
        "schedule: {type: step, factor: 0.1, every-epochs: 3, warm-up: 1} | unknown key"
            + " 'schedule.warm_up'",
        "schedule: {type: step, factor: 0.1} | Invalid step interval: 0.0 epochs",
        "schedule: {type: step, factor: 7, every-epochs: 3} | Invalid step factor: 7.0",
        "model: | 'model' has no value",
        "batch: many | 'batch' cannot be 'many'",
        "batch: 1.5 | 'batch'",
        "updater-state: averag | 'updater_state' cannot be 'averag'",
        "batch: [ | line",
        "just words | 'option: value' lines",
      })
  void saysWhatIsWrongWithARecipe(String text, String message) {
    assertThatThrownBy(() -> ConfigFormat.readRecipe(recipe(text)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("recipe.yaml")
        .hasMessageContaining(message);
  }

  @Test
  void saysThatThereIsNoRecipe() {
    assertThatThrownBy(() -> ConfigFormat.readRecipe(folder.resolve("none.yaml")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("none.yaml");
  }

  private Path recipe(String text) {
    try {
      return Files.writeString(folder.resolve("recipe.yaml"), text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
