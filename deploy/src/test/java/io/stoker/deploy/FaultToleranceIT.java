// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The result depends on the job, never on the cluster. Each round has stages of its own here;
 * {@link FaultsInStagesIT} has stages of several rounds.
 */
@Exact
class FaultToleranceIT extends ClusterFaults {
  /** Of three workers on two slots, so that a round has two waves. */
  private static final String JOB =
      "train --data data --model lenet5 --checkpoint-every 4 --recipe waves.yaml";

  private static final int WORKERS = 3;
  private static final int ROUNDS = 12;

  /** The hash of the run that nothing disturbs. */
  private static String undisturbed;

  @BeforeAll
  static void trainUndisturbed() throws IOException {
    String recipe =
        """
        workers: 3
        batch: 8
        local-steps: 16
        epochs: 6
        learning-rate: 0.02
        momentum: 0.9
        slice-bytes: 65536
        """;
    Files.writeString(folder.resolve("waves.yaml"), recipe);
    JsonNode result = succeed("--master local[2] " + JOB + " --run undisturbed");
    assertThat(result.get("rounds").asInt()).isEqualTo(ROUNDS);
    undisturbed = result.get("parameters_sha256").asText();
  }

  @BeforeEach
  void chooseJob() {
    job = JOB;
  }

  /** Each time the master starts another one. */
  @Test
  void losesAnExecutorInEachKindOfStage() throws IOException {
    assertUndisturbed(
        train(
            "kill-executor@train:3,kill-executor@average:5,"
                + "kill-executor@between:7,kill-executor@checkpoint:3"));

    assertThat(happened("lost ")).hasSize(4);
    assertThat(happened("train 3 ")).hasSizeGreaterThan(WORKERS);
    // Pieces of the workers that it had trained went with it.
    assertThat(happened("train 5 ")).hasSizeGreaterThan(WORKERS);
    // Once more; or twice, if the slices that only the dead one had must be averaged again first.
    assertThat(happened("checkpoint 3 ")).hasSizeBetween(2, 3);
  }

  @Test
  @Tag("thorough")
  void losesAnExecutorInMixedPrecision() throws IOException {
    job = JOB + " --precision bf16";
    Instructions.AVX512_BF16.assume();
    JsonNode usual = succeed("--master local[2] " + job + " --run usual-bf16");

    assertParameters(train("kill-executor@train:6"), usual.get("parameters_sha256").asText());
    assertThat(happened("lost ")).hasSize(1);
    assertThat(happened("train 6 ")).hasSizeGreaterThan(WORKERS);
  }

  /** With the only one go all slices and all pieces. */
  @Test
  void losesItsOnlyExecutor() throws IOException {
    cluster.haveWorkers(1);
    assertUndisturbed(train("kill-executor@train:7"));

    assertThat(happened("lost ")).hasSize(1);
    // Rounds 5 to 7 were trained twice.
    assertThat(happened("train 15 ")).isNotEmpty();
  }

  /** One that comes in the middle, goes, comes back, and goes for good. */
  @Test
  @Tag("one-line")
  void losesWorkerProcessesAndGetsOthers() throws IOException {
    cluster.haveWorkers(1);
    Started training = start("join@train:3,kill-worker@train:5,join@train:7,kill-worker@train:9");
    Stoker.awaitLine(log, "waiting");
    cluster.haveWorkers(2);
    Stoker.awaitLine(log, "lost ");
    cluster.haveWorkers(2);
    assertUndisturbed(Stoker.finish(training));

    assertThat(happened("added ")).hasSize(3);
    assertThat(happened("lost ")).hasSize(2);
    assertThat(executorsOf("train 2 ")).hasSize(1);
    // Each of them was given work, and after the last loss only one is left.
    assertThat(executorsOf("train ")).hasSize(3);
    List<String> lines = happened("");
    int lost = lines.indexOf(happened("lost ").get(1));
    assertThat(executors(lines.subList(lost, lines.size()), "train ")).hasSize(1);
  }

  @Test
  void overtakesASlowWorker() throws IOException {
    assertUndisturbed(
        train(
            "slow@train:4",
            "spark.speculation=true",
            "spark.speculation.interval=20ms",
            "spark.speculation.quantile=0.5",
            "spark.speculation.minTaskRuntime=200ms"));

    assertThat(happened("overtaken ")).isNotEmpty();
  }

  @Test
  @Tag("one-line")
  void triesAgainATaskThatFailsTwice() throws IOException {
    assertUndisturbed(train("fail@train:4,fail@average:7"));

    assertThat(happened("failed ")).hasSize(4);
    assertThat(happened("train 4 partition 0 attempt 0.2 ")).hasSize(1);
    assertThat(happened("average 7 partition 0 attempt 0.2 ")).hasSize(1);
  }

  @Test
  @Tag("one-line")
  void goesOnAfterItsDriverWasKilledWithAnotherNumberOfExecutors() throws IOException {
    assertThat(train("kill-driver@train:6").exitCode()).isEqualTo(FaultPlugin.KILLED);
    assertThat(checkpoints()).containsExactly("000004");
    cluster.haveWorkers(1);
    assertThat(resume("kill-driver@checkpoint:2").exitCode()).isEqualTo(FaultPlugin.KILLED);
    assertThat(checkpoints()).containsExactly("000004", "000008");

    cluster.haveWorkers(2);
    assertUndisturbed(resume());
    assertThat(checkpoints()).containsExactly("000004", "000008", "000012");
    assertThat(folder.resolve(run).resolve("metrics.jsonl")).content().hasLineCount(ROUNDS);
  }

  /** As where a whole cluster is stopped. */
  @Test
  @Tag("one-line")
  void endsWhereAllExecutorsAreLostForGoodInACheckpoint() throws IOException {
    cluster.haveWorkers(1);
    Outcome outcome = train("kill-worker@checkpoint:2", "spark.stoker.lostExecutorSeconds=12");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement(STRING)
        .startsWith("stoker: All executors are lost, and none has come for 12 s (")
        .endsWith("000004, is complete: the same command with --resume goes on");
    assertThat(outcome.err()).contains("No executor is left: the job goes on when");
    cluster.haveWorkers(2);
    assertUndisturbed(resume());
  }

  /** Spark would start others for ever. */
  @Test
  void endsWhereNoExecutorCanStart() {
    Outcome outcome =
        stoker.run(
            ("--master %s --conf spark.shuffle.service.enabled=true"
                    + " --conf spark.shuffle.service.port=1 %s --run %s")
                .formatted(master, job, run)
                .split(" "));

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement(STRING)
        .startsWith("stoker: Executors cannot start: ")
        .contains("start Spark's external shuffle service on each node");
  }

  private static void assertUndisturbed(Outcome outcome) {
    assertParameters(outcome, undisturbed);
  }
}
