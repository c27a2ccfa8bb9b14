// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.cli.Commands.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
  @TempDir Path folder;

  private final Commands commands = new Commands();

  @Test
  void reportsOnARunWithItsDataAndWithoutIt() throws IOException {
    Commands.writeImages(folder.resolve("images"), 40);
    Files.move(folder.resolve("images/above"), folder.resolve("images/<b>above"));
    commands.json(
        "prepare --input %s --output %s --channels 1 --size 28"
            .formatted(folder.resolve("images"), folder.resolve("data")));
    commands.json(
        "train --data %s --run %s --model lenet5 --batch 4 --local-steps 2 --epochs 1 --workers 2"
            .formatted(folder.resolve("data"), folder.resolve("run")));

    JsonNode view = view(commands.json(report("run")));

    assertThat(view.at("/runs/0/state").asText()).isEqualTo("finished");
    // That of the average which a round begins with: there is none before the first.
    assertThat(view.at("/runs/0/curves/drift/0").asDouble()).isZero();
    assertThat(view.at("/runs/0/curves/drift/1").asDouble()).isPositive();
    assertThat(view.at("/details/data/samples/0/class").asText()).isEqualTo("<b>above");
    assertThat(view.at("/details/data/totals").get(0).asInt()).isEqualTo(72);
    long examples = view.at("/details/evaluation/examples").asLong();
    long wrong =
        view.at("/details/evaluation/confusion/0/1").asLong()
            + view.at("/details/evaluation/confusion/1/0").asLong();
    assertThat(view.at("/details/evaluation/accuracy").asDouble())
        .isEqualTo((double) (examples - wrong) / examples);
    assertThat(view.at("/details/mistakes")).hasSize((int) Math.min(24, wrong));
    view.at("/details/mistakes")
        .forEach(
            mistake ->
                assertThat(mistake.get("path").asText())
                    .startsWith(mistake.get("class").asText() + "/"));
    assertThat(view.at("/details/filters").asText()).startsWith("data:image/png;base64,");
    assertThat(view.at("/details/notes")).isEmpty();

    Files.move(folder.resolve("data"), folder.resolve("moved"));
    JsonNode without = view(commands.json(report("run")));
    assertThat(without.at("/details/notes/0").asText()).startsWith("the data and its samples (");
    assertThat(without.at("/details/evaluation").isMissingNode()).isTrue();
    assertThat(without.at("/runs/0/curves")).isEqualTo(view.at("/runs/0/curves"));

    JsonNode moved = view(commands.json(report("run") + " --data " + folder.resolve("moved")));
    assertThat(moved.at("/details/mistakes")).isEqualTo(view.at("/details/mistakes"));
    assertThat(moved.at("/details/notes")).isEmpty();
  }

  @Test
  void saysWhyARunCannotBeReportedOn() throws IOException {
    Files.createDirectory(folder.resolve("empty"));
    RunOnDisk.in(folder.resolve("damaged"), 9).rounds(1, 4);
    Files.writeString(
        folder.resolve("damaged/metrics.jsonl"),
        Files.readString(folder.resolve("damaged/metrics.jsonl")) + "no round\n{}\n");
    RunOnDisk.in(folder.resolve("cut"), 9);
    Files.writeString(folder.resolve("cut/run.json"), "{\"format_version\":1,");

    assertFails("empty", 2, "Not a run folder: ");
    assertFails("damaged", 3, "metrics.jsonl: line 5: it is not valid JSON");
    assertFails("cut", 3, "Cannot read ");
    RunOnDisk.in(folder.resolve("whole"), 9);
    Outcome outcome =
        commands.run("report --run %s --output %s".formatted(folder.resolve("whole"), folder));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("is a folder");
  }

  @Test
  void reportsOnARunThatHasNoRoundYet() throws IOException {
    RunOnDisk.in(folder.resolve("new"), 9);

    JsonNode view = view(commands.json(report("new")));

    assertThat(view.at("/runs/0/rounds").asInt()).isZero();
    assertThat(view.at("/details/notes")).hasSize(2);
  }

  @Test
  void aSplitThatTheDataDoNotHaveIsRefused() throws IOException {
    Commands.writeImages(folder.resolve("images"), 40);
    commands.json(
        "prepare --input %s --output %s --channels 1 --size 28"
            .formatted(folder.resolve("images"), folder.resolve("data")));
    RunOnDisk.in(folder.resolve("run"), 9);
    String report = report("run") + " --split nope";

    Outcome outcome = commands.run(report + " --data " + folder.resolve("data"));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("stoker: No split 'nope'").hasLineCount(1);
    assertThat(folder.resolve("report.html")).doesNotExist();
    assertThat(view(commands.json(report)).at("/details/notes/0").asText())
        .as("the data are gone, so their splits are not known")
        .startsWith("the data and its samples (");
  }

  private void assertFails(String run, int exitCode, String reason) {
    Outcome outcome = commands.run(report(run));
    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(exitCode);
    assertThat(outcome.err().lines()).hasSize(1).first().asString().contains(reason);
    assertThat(folder.resolve("report.html")).doesNotExist();
  }

  private String report(String run) {
    return "report --run %s --output %s"
        .formatted(folder.resolve(run), folder.resolve("report.html"));
  }

  private JsonNode view(JsonNode result) throws IOException {
    String page = Files.readString(folder.resolve("report.html"));
    assertThat(result.get("bytes").asLong()).isEqualTo(Files.size(folder.resolve("report.html")));
    String start = "type=\"application/json\">";
    int from = page.indexOf(start) + start.length();
    return new ObjectMapper().readTree(page.substring(from, page.indexOf("</script>", from)));
  }
}
