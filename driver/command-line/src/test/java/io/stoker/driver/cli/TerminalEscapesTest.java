// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.RunOnDisk;
import io.stoker.driver.cli.Commands.Outcome;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.config.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of classes and files that would make a terminal do something. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TerminalEscapesTest {
  /** Sets the terminal's title; moves up, clears the line, reverses what follows, a second line. */
  private static final String EVIL = "\u001b]0;evil\u0007\u009b1A\u001b[2K\u202etac\nfake: 1";

  private static final String SHOWN =
      "\\u001b]0;evil\\u0007\\u009b1A\\u001b[2K\\u202etac\\nfake: 1";

  private static final Pattern OBEYED =
      Pattern.compile("[\\p{Cc}&&[^\\n\\t]]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]");

  @TempDir static Path folder;

  private final Commands commands = new Commands();

  @BeforeAll
  void trainOnThem() throws IOException {
    Commands.writeImages(folder.resolve("images"), 12);
    Files.move(folder.resolve("images/above"), folder.resolve("images/" + EVIL));
    Files.copy(folder.resolve("images/left/0.png"), folder.resolve("images/left/" + EVIL + ".png"));
    assertHarmless(
        commands.run(
            "prepare --input %s --output %s --channels 1 --size 28"
                .formatted(folder.resolve("images"), folder.resolve("data"))));
    assertHarmless(
        commands.run(
            "train --data %s --run %s --model lenet5 --batch 4 --local-steps 2 --epochs 1"
                .formatted(folder.resolve("data"), folder.resolve("run"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspect --data DATA",
        "inspect --data DATA --json",
        "evaluate --checkpoint RUN --data DATA",
        "evaluate --checkpoint RUN --data DATA --json",
        "predict --checkpoint RUN IMAGES/left/1.png",
        "predict --checkpoint RUN IMAGES/left/1.png --json",
        "checkpoints RUN",
      })
  void areShownAndNotObeyed(String command) {
    Outcome outcome = run(command);

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertHarmless(outcome);
    if (!command.startsWith("checkpoints")) {
      assertThat(outcome.out()).contains("evil");
    }
    if (command.startsWith("inspect") && !command.contains("json")) {
      assertThat(outcome.out().lines()).anyMatch(line -> line.startsWith(SHOWN + "  "));
    }
  }

  @Test
  void areEscapedBetweenTheColoursOfAPicture() {
    String picture = "\u001b[38;2;1;2;3;48;2;4;5;6m\u2580\u001b[0m";
    java.io.StringWriter out = new java.io.StringWriter();
    Console console =
        new Console(new java.io.PrintWriter(out), new java.io.PrintWriter(out), true, true);

    console.show(new Report(picture + "  \u001b[31m" + EVIL + "\n", Report.object()), false);

    assertThat(out.toString().strip())
        .isEqualTo(picture + "  \\u001b[31m" + SHOWN.replace("\\n", "\n"));
  }

  @Test
  void ofRunsAreShownToo() throws IOException {
    Path runs = Files.createDirectory(folder.resolve("runs"));
    TrainingConfig.Builder config =
        TrainingConfig.builder().data("/d/" + EVIL).model(EVIL).run(runs.resolve(EVIL).toString());
    RunOnDisk.in(config, 9).rounds(1, 3);
    RunOnDisk.in(runs.resolve("damaged" + EVIL), 9);
    Files.writeString(runs.resolve("damaged" + EVIL).resolve("run.json"), "{");

    Outcome outcome = commands.run("runs " + runs);

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertHarmless(outcome);
    assertThat(outcome.out().lines()).hasSize(4);
    assertHarmless(commands.run("runs %s --json".formatted(runs)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --checkpoint RUN --data DATA --split \u001b]0;evil\u0007",
        "predict --checkpoint RUN /no\u001b]0;evil\u0007.png",
        "predict --checkpoint RUN /no\u001b]0;evil\u0007.png --verbose",
        "evaluate --checkpoint /no\u001b]0;evil\u0007 --data DATA",
        "runs /no\u001b]0;evil\u0007",
        "\u001b]0;evil\u0007",
        "train --\u001b]0;evil\u0007",
      })
  void inAFailureAreShownInOneLine(String command) {
    Outcome outcome = run(command);

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertHarmless(outcome);
    assertThat(outcome.err()).contains("\\u001b]0;evil\\u0007");
    if (!command.contains("--verbose")) {
      assertThat(outcome.err().strip().lines()).hasSize(1);
    }
  }

  private Outcome run(String command) {
    return commands.run(
        command
            .replace("DATA", folder.resolve("data").toString())
            .replace("RUN", folder.resolve("run").toString())
            .replace("IMAGES", folder.resolve("images").toString()));
  }

  private static void assertHarmless(Outcome outcome) {
    assertThat(outcome.out()).doesNotContainPattern(OBEYED);
    assertThat(outcome.err()).doesNotContainPattern(OBEYED);
    assertThat(outcome.out().lines()).noneMatch(line -> line.startsWith("fake: 1"));
  }
}
