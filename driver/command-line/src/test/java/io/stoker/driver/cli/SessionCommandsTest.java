// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.TinyJob;
import io.stoker.driver.cli.SessionCommands.Outcome;
import io.stoker.driver.command.SparkSetup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class SessionCommandsTest {
  @TempDir private Path folder;

  private SparkSession session;

  @BeforeEach
  void start() {
    session =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
  }

  @AfterEach
  void stop() {
    session.stop();
  }

  @Test
  void trainsAndEvaluatesInASessionThatStaysOpen() throws IOException {
    TinyJob job = TinyJob.in(folder);
    String run = job.run("run").toString();

    JsonNode trained =
        json(
            run(
                "train",
                "--data",
                job.data().toString(),
                "--run",
                run,
                "--model",
                folder.resolve("tiny.yaml").toString(),
                "--batch",
                "16",
                "--epochs",
                "2"));
    JsonNode evaluated =
        json(run("evaluate", "--checkpoint", run, "--data", job.data().toString()));
    JsonNode inspected = json(SessionCommands.inspectRun(session, run));

    assertThat(trained.get("epochs").asInt()).isEqualTo(2);
    assertThat(evaluated.get("accuracy").asDouble()).isBetween(0.0, 1.0);
    assertThat(inspected.get("state").asText()).isEqualTo("finished");
    assertThat(inspected.get("rounds")).hasSize(trained.get("rounds").asInt());
    assertThat(inspected.at("/rounds/0/images_per_second").asDouble()).isPositive();
    assertThat(inspected.at("/config/batch").asInt()).isEqualTo(16);
    assertThat(session.sparkContext().isStopped()).isFalse();
    assertThat(session.range(3).count()).isEqualTo(3);
  }

  @Test
  void usesTheSessionsConfigurationOfHadoop() {
    session.conf().set("fs.defaultFS", "nowhere://");

    assertThat(run("inspect", "--data", "x").error()).isNotEmpty();
    assertThat(SparkSetup.within(session, SparkSetup::hadoop).get("fs.defaultFS"))
        .isEqualTo("nowhere://");
  }

  @Test
  void aFailureIsOneLineWithItsExitCode() {
    Outcome missing = run("inspect", "--data", folder.resolve("none").toString());
    Outcome unknown = run("train", "--learning-rte", "1");
    Outcome noRun = SessionCommands.inspectRun(session, folder.resolve("none").toString());

    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.error()).contains("none").doesNotContain("\n").doesNotStartWith("stoker:");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.error()).contains("did you mean '--learning-rate'?");
    assertThat(noRun.exitCode()).isEqualTo(2);
    assertThat(noRun.error()).contains("none").doesNotContain("\n");
  }

  @Test
  void refusesWhatARunningSessionCannotBeGiven() {
    TinyJob job = TinyJob.in(folder);
    Outcome gang =
        run(
            "train",
            "--gang",
            "--data",
            job.data().toString(),
            "--run",
            job.run("run").toString(),
            "--model",
            folder.resolve("tiny.yaml").toString());

    assertThat(gang.exitCode()).isEqualTo(2);
    assertThat(gang.error()).contains("cannot be set in a running session");
  }

  @Test
  void whatFollowsTheOptionsMayLookLikeOne() {
    Outcome predicted = run("predict", "--checkpoint", folder.toString(), "--", "--json");

    assertThat(predicted.exitCode()).isEqualTo(2);
    assertThat(predicted.error()).contains(folder.toString());
  }

  @Test
  void showsTheHelp() {
    assertThat(run("train", "--help").text()).contains("--learning-rate");
  }

  @Test
  void refusesASessionThatWasStopped() {
    session.stop();

    assertThat(run("models").exitCode()).isEqualTo(2);
    assertThat(run("models").error()).contains("has been stopped");
  }

  private Outcome run(String... arguments) {
    return SessionCommands.run(session, List.of(arguments));
  }

  private static JsonNode json(Outcome outcome) throws IOException {
    assertThat(outcome.exitCode()).as(outcome.error()).isZero();
    return new ObjectMapper().readTree(outcome.json());
  }
}
