// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.TinyJob;
import io.stoker.driver.cli.Commands.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LrCommandTest {
  private static final Commands COMMANDS = new Commands();

  @TempDir private static Path folder;

  private static TinyJob job;

  @BeforeAll
  static void writeData() {
    job = TinyJob.in(folder);
  }

  @Test
  void suggestsARateAndDrawsTheCurve() throws IOException {
    JsonNode json = COMMANDS.json(filled("lr --data DATA --model M --batch 16 --output F/lr.html"));

    double lowest = json.path("lowest").doubleValue();
    assertThat(json.path("learning_rate").doubleValue()).isBetween(lowest / 3, lowest);
    assertThat(json.path("points").size()).isEqualTo(json.path("rounds").intValue());
    assertThat(Files.readString(folder.resolve("lr.html")))
        .contains("Range test of the learning rate", "Content-Security-Policy");
    Outcome people = run("lr --data DATA --model M --batch 16 --rounds 50");
    assertThat(people.exitCode()).isZero();
    assertThat(people.out()).contains("smoothed loss", "suggestion  --learning-rate ", "--^--");
  }

  @Test
  void trainingTakesTheSuggestionAndKeepsIt() throws IOException {
    String options = " --data DATA --model M --batch 16 --seed 5";
    double suggested = COMMANDS.json(filled("lr" + options)).path("learning_rate").doubleValue();
    String train = "train" + options + " --run F/auto --epochs 2 --schedule constant";

    Outcome first = run(train + " --learning-rate auto");
    JsonNode recorded = new ObjectMapper().readTree(folder.resolve("auto/run.json").toFile());
    Outcome resumed = run(train.replace("epochs 2", "epochs 3") + " --learning-rate auto --resume");
    Files.writeString(folder.resolve("auto.yaml"), "learning-rate: auto\n");
    String recipe = train.replace("F/auto", "F/recipe") + " --recipe F/auto.yaml";

    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.err()).contains("learning rate: " + suggested + " (");
    assertThat(recorded.at("/config/learning_rate").doubleValue()).isEqualTo(suggested);
    assertThat(resumed.exitCode()).as(resumed.err()).isZero();
    assertThat(resumed.err()).doesNotContain("learning rate: ");
    assertThat(run(recipe).err()).contains("learning rate: " + suggested + " (");
  }

  @Test
  void badInputIsOneLine() {
    String lr = "lr --data DATA --model M";
    assertRefused(lr + " --from 0", "Invalid --from: 0.0 (must be > 0)");
    assertRefused(lr + " --to 0.00001", "Invalid --to: 1.0E-5 (must be above --from");
    assertRefused(lr + " --rounds 3", "Invalid --rounds: 3 (must be 10 to 10000)");
    assertRefused(lr + " --from 100 --to 1000 --rounds 10", "No rate from 100.0 on made the loss");
    assertRefused(lr + " --input DATA", "lr reads prepared data: say --data");
    assertRefused("lr --data DATA", "Missing model: say --model NAME");
    assertRefused("lr --model M --data F", "manifest.json");
    assertRefused(
        "train --data DATA --model M --run F/none --learning-rate atuo", "such as 0.05, or auto");
    assertRefused("train --data DATA --model M --run F/none --learning-rate NaN", "NaN");
    assertThat(folder.resolve("none")).doesNotExist();
  }

  private static void assertRefused(String command, String reason) {
    run(command).assertRefused(reason);
  }

  private static Outcome run(String command) {
    return COMMANDS.run(filled(command));
  }

  private static String filled(String command) {
    return command
        .replace("DATA", job.data().toString())
        .replace(" M", " " + folder.resolve("tiny.yaml"))
        .replace("F/", folder + "/")
        .replaceAll("F$", folder.toString());
  }
}
