// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Sha256;
import io.stoker.data.augment.Augmentation;
import io.stoker.data.image.ImageShape;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.Preset;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.search.SearchSpace;
import io.stoker.failure.InputException;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class PresetsTest {
  @TempDir Path folder;

  private final StringWriter messages = new StringWriter();
  private final Console console =
      new Console(
          new PrintWriter(new StringWriter()), new PrintWriter(messages, true), false, false);

  private static Stream<String> names() {
    return Preset.all().stream().map(Preset::name);
  }

  private TrainingConfig config(String... options) {
    TrainCommand command = new TrainCommand(console);
    List<String> arguments = new ArrayList<>(List.of("--run", "r"));
    arguments.addAll(List.of(options));
    new CommandLine(command).parseArgs(arguments.toArray(String[]::new));
    return command.config();
  }

  /** A data set of whose manifest alone something is asked. */
  private String images(int size, int samples) throws IOException {
    Path data = Files.createDirectory(folder.resolve("data-" + size + "-" + samples));
    TinyShards.write(data, List.of(samples), 3);
    Path manifest = data.resolve("manifest.json");
    String text = Files.readString(manifest);
    String sized =
        text.replaceFirst("\"height\" : 8", "\"height\" : " + size)
            .replaceFirst("\"width\" : 8", "\"width\" : " + size);
    assertThat(sized).isNotEqualTo(size == 8 ? "" : text);
    Files.writeString(manifest, sized);
    Files.writeString(
        data.resolve("manifest.sha256"),
        Sha256.hex(Files.newInputStream(manifest)) + "  manifest.json\n");
    return data.toString();
  }

  /** The options that a preset needs in addition: data of its size, and its own. */
  private List<String> needs(Preset preset) throws IOException {
    List<String> options = new ArrayList<>(List.of("--data", images(preset.images().least(), 9)));
    preset.needs().keySet().forEach(each -> options.addAll(List.of("--" + each, "resnet-18")));
    return options;
  }

  @ParameterizedTest
  @MethodSource("names")
  void eachPresetIsASpaceOfTune(String name) {
    Preset preset = Preset.named(name);
    ObjectNode given = Report.object();
    preset.needs().keySet().forEach(each -> given.put(each, "resnet-18"));

    SearchSpace space = SearchSpace.of(SearchSpace.around(preset, given));

    assertThat(space.names()).contains("learning-rate", "weight-decay", "label-smoothing");
    for (ObjectNode corner : space.corners()) {
      corner.put("data", "d").put("run", "r");
      TrainingConfig config = new TrainCommand(console).job("a trial", corner);
      assertThat(Augmentation.parse(String.join(",", config.data().augmentations()))).isNotEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void eachPresetIsARecipeOfTrain(String name) throws IOException {
    List<String> options = needs(Preset.named(name));
    options.addAll(List.of("--preset", name));

    TrainingConfig config = config(options.toArray(String[]::new));

    assertThat(config.rounds().epochs())
        .isEqualTo(Preset.named(name).options().get("epochs").intValue());
    assertThat(Augmentation.parse(String.join(",", config.data().augmentations()))).isNotEmpty();
    assertThat(config.run()).isEqualTo("r");
  }

  @Test
  void optionsOfTheCommandLineWin() throws IOException {
    List<String> options =
        List.of("--preset", "fast", "--model", "lenet5", "--epochs", "3", "--augment", "shift=2");
    List<String> all = needs(Preset.named("fast"));
    all.addAll(options);

    TrainingConfig config = config(all.toArray(String[]::new));

    assertThat(config.model()).isEqualTo("lenet5");
    assertThat(config.data().augmentations()).containsExactly("shift=2");
    assertThat(config.optimizer().schedule()).isInstanceOf(LearningRateSchedule.OneCycle.class);
    assertThat(config.rounds().epochs()).isEqualTo(3);
    assertThat(config.loss().labelSmoothing())
        .isEqualTo(Preset.named("fast").options().get("label-smoothing").asDouble());
  }

  @Test
  void aPresetAndARecipeExcludeEachOther() throws IOException {
    Path recipe = Files.writeString(folder.resolve("r.yaml"), "model: lenet5\n");
    assertThatThrownBy(() -> config("--preset", "fast", "--recipe", recipe.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Either --recipe or --preset");
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    String large = images(128, 9);
    assertThatThrownBy(() -> config("--preset", "fast", "--data", large))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "Preset fast is for images of 28 x 28 to 64 x 64, the data's are 128 x 128");
    assertThatThrownBy(() -> config("--preset", "fats"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Unknown preset: 'fats'")
        .hasMessageContaining("fast");
    assertThatThrownBy(() -> config("--preset", "transfer", "--data", large))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Preset transfer needs --");
  }

  @Test
  void trainWithoutAModelChoosesByTheImages() throws IOException {
    TrainingConfig small = config("--data", images(28, 30));
    assertThat(messages.toString())
        .startsWith(
            "Without a model or a preset: --preset fast --epochs 100, because the images are 28 x"
                + " 28 and 30 are trained on");
    assertThat(small)
        .isEqualTo(config("--data", small.data().uri(), "--preset", "fast", "--epochs", "100"));

    TrainingConfig large = config("--data", images(128, 30), "--epochs", "2");
    assertThat(messages.toString()).contains("--preset photos --epochs 2,");
    assertThat(large.model()).isEqualTo(Preset.named("photos").options().get("model").asText());
    assertThat(large.rounds().epochs()).isEqualTo(2);

    String tiny = images(8, 9);
    assertThatThrownBy(() -> config("--data", tiny))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Missing model: no preset is for images of 8 x 8");
  }

  @Test
  void aNamedPresetKeepsItsEpochsAndSaysWhereTheyAreFewSteps() throws IOException {
    assertThat(config("--data", images(28, 30), "--preset", "fast").rounds().epochs())
        .isEqualTo(10);
    assertThat(messages.toString()).isEmpty();
    Preset fast = Preset.named("fast");
    JobPlan plan = new JobPlan(30, 128, 10, new TreeMap<>(Map.of(0, 2)));
    new PresetAdvice(fast, 5_000, console).started(plan, TrainingClock.START);
    assertThat(messages.toString()).isEmpty();

    new PresetAdvice(fast, 30, console).started(plan, TrainingClock.START);

    assertThat(messages.toString())
        .startsWith(
            "Preset fast is meant for more images: its epochs are few steps of 30 (try --epochs"
                + " 100)");
  }

  @Test
  void fewerSamplesHaveMoreEpochs() {
    Preset fast = Preset.choose(new ImageShape(32, 32, 3)).orElseThrow();
    int epochs = fast.options().get("epochs").intValue();
    assertThat(fast.epochs(60_000)).isEqualTo(epochs);
    assertThat(fast.epochs(25_000)).isEqualTo(2 * epochs);
    assertThat(fast.epochs(10)).isEqualTo(10 * epochs);
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatPresetsPrintsIsTheRecipe(String name) throws IOException {
    Preset preset = Preset.named(name);
    PresetsCommand command = new PresetsCommand(null);
    new CommandLine(command).parseArgs(name);
    List<String> options = needs(preset);
    Path recipe = folder.resolve("printed.yaml");
    Files.writeString(recipe, command.execute().text());

    List<String> byName = new ArrayList<>(options);
    byName.addAll(List.of("--preset", name));
    options.addAll(List.of("--recipe", recipe.toString()));

    assertThat(config(options.toArray(String[]::new)))
        .isEqualTo(config(byName.toArray(String[]::new)));
  }

  /** A number that was not measured is left out. */
  @Test
  void measurementsHaveKnownFields() {
    for (Preset preset : Preset.all()) {
      preset
          .measured()
          .forEach(
              each -> {
                assertThat(List.of("data", "accuracy", "spread", "minutes", "seeds", "commit"))
                    .containsAll(each::fieldNames);
                assertThat(each.has("data")).isTrue();
              });
    }
  }
}
