// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class CardCommandTest {
  @TempDir Path folder;

  private final Commands commands = new Commands();

  private JsonNode train() throws IOException {
    Commands.writeImages(folder.resolve("images"), 40);
    Files.move(folder.resolve("images/above"), folder.resolve("images/<b>a|b*\n"));
    commands.json(
        "prepare --input %s --output %s --channels 1 --size 28"
            .formatted(folder.resolve("images"), folder.resolve("data")));
    return commands.json(
        "train --data %s --run %s --model lenet5 --batch 4 --local-steps 2 --epochs 1 --workers 2"
            .formatted(folder.resolve("data"), folder.resolve("run")));
  }

  private String command() {
    return "card --run " + folder.resolve("run");
  }

  @Test
  void saysWhatTheRunAndItsEvaluationSay() throws IOException {
    JsonNode trained = train();
    JsonNode data = commands.json("inspect --data " + folder.resolve("data"));
    JsonNode evaluated =
        commands.json(
            "evaluate --checkpoint %s --data %s"
                .formatted(folder.resolve("run"), folder.resolve("data")));
    Path file = folder.resolve("new/card.md");

    JsonNode result = commands.json(command() + " --output " + file);

    String card = Files.readString(file);
    assertThat(card)
        .contains(trained.get("parameters_sha256").asText())
        .contains("*To be filled in: what the model is for")
        .contains("| all | ")
        .contains("\n## Recipe\n", "\n### Each class\n", "./stoker train --recipe recipe.yaml");
    assertThat(card)
        .contains(
            "| accuracy | "
                + String.format(
                    Locale.ROOT, "%.2f %%", 100 * evaluated.get("accuracy").asDouble()));
    assertThat(card.lines().filter(line -> line.startsWith("| &lt;b&gt;a\\|b\\*\\\\n | ")))
        .as("a name is text and stays in its cell")
        .hasSizeGreaterThanOrEqualTo(2);
    assertThat(card).doesNotContain("<b>");
    int training = data.at("/splits/train/samples").asInt();
    assertThat(training).isBetween(60, 79);
    assertThat(card)
        .contains(String.format(Locale.ROOT, "| all | %d | %d |", training, 80 - training));
    assertThat(result.get("missing")).isEmpty();
    assertThat(result.at("/evaluation/accuracy")).isEqualTo(evaluated.get("accuracy"));
  }

  @Test
  void withoutTheDataTheCardSaysSoAndHasTheRest() throws IOException {
    train();
    Files.move(folder.resolve("data"), folder.resolve("moved"));

    Commands.Outcome outcome = commands.run(command());

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .startsWith("# Model card: lenet5\n")
        .contains("## Missing in this card", "counts of the training data", "## Recipe")
        .doesNotContain("## Evaluation");
    assertThat(commands.run(command() + " --data " + folder.resolve("moved")).out())
        .contains("## Evaluation")
        .doesNotContain("## Missing");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void badInputTakesOneLine() throws IOException {
    Files.createDirectory(folder.resolve("empty"));

    Commands.Outcome noRun = commands.run("card --run " + folder.resolve("empty"));
    assertThat(noRun.exitCode()).isEqualTo(2);
    assertThat(noRun.err()).contains("Not a run folder").hasLineCount(1);

    Commands.Outcome noBatch = commands.run("card --run r --batch 0");
    assertThat(noBatch.exitCode()).isEqualTo(2);
    assertThat(noBatch.err()).startsWith("stoker: Invalid --batch: 0").hasLineCount(1);

    train();
    Commands.Outcome noSplit = commands.run(command() + " --split nope");
    assertThat(noSplit.exitCode()).isEqualTo(2);
    assertThat(noSplit.err()).startsWith("stoker: No split 'nope'").hasLineCount(1);

    Commands.Outcome unwritable = commands.run(command() + " --output /proc/card.md");
    assertThat(unwritable.exitCode()).isEqualTo(4);
    assertThat(unwritable.err()).startsWith("stoker: Cannot write --output").hasLineCount(1);
  }
}
