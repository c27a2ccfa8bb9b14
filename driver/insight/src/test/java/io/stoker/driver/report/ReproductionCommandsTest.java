// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.Recipe;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.WorkerOptimizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReproductionCommandsTest {
  @TempDir Path folder;

  @Test
  void givesAShellTheSameConfigWhateverIsInIt() throws Exception {
    TrainingConfig config =
        TrainingConfig.builder()
            .data("/d/it's \"$(touch broken)\" & more")
            .run("/r/<b>`touch broken`\\n")
            .model("lenet5")
            .batch(7)
            .schedule(new LearningRateSchedule.Cosine(3, 0.5))
            .set("layer_rates", Map.of("dense \"1\"", 0.5))
            .augmentations(List.of("shift", "flip"))
            .build();
    List<String> commands = ReproductionCommands.of(config);

    shell(commands.get(0));

    assertThat(Recipe.read(folder.resolve("recipe.yaml"), Set.of()).config().build())
        .isEqualTo(config.toBuilder().run(config.run() + "-again").build());
    assertThat(shell("printf %s " + ShellQuoting.quote(config.data().uri())))
        .isEqualTo(config.data().uri());
    assertThat(folder.resolve("broken")).doesNotExist();
    assertThat(commands.get(3)).endsWith("--output report.html");
  }

  /** Both have another default in these jobs. */
  @Test
  void saysTheRateAndTheSchedule() throws Exception {
    for (TrainingConfig.Builder job :
        List.of(
            job().set("optimizer", WorkerOptimizer.ADAMW).learningRate(0.05),
            job()
                .epochs(4)
                .schedule(new LearningRateSchedule.OneCycle(10, 3))
                .learningRate(0.05))) {
      TrainingConfig config = job.build();

      shell(ReproductionCommands.of(config).get(0));

      assertThat(Recipe.read(folder.resolve("recipe.yaml"), Set.of()).config().build())
          .isEqualTo(config.toBuilder().run(config.run() + "-again").build());
    }
  }

  private static TrainingConfig.Builder job() {
    return TrainingConfig.builder().data("/d").run("/r").model("lenet5");
  }

  private String shell(String script) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", script)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
