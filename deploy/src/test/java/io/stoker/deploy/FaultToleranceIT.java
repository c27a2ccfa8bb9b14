// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * The result depends on the job, never on the cluster: processes of a real cluster are killed at
 * exact moments of a job, and its parameters are those of a run that nothing disturbed, to the last
 * bit. {@link FaultPlugin} does it.
 */
class FaultToleranceIT {
  /** Of three workers on two slots, so that a round has two waves. */
  private static final String JOB =
      "train --data data --model lenet5 --checkpoint-every 4 --recipe waves.yaml";

  /**
   * A worker a slot, who exchange what they have trained by themselves: as soon as rounds are
   * quick, dozens of them in each stage but the last, for which nothing but the end is a reason to
   * end.
   */
  private static final String TOGETHER =
      "train --data data --model lenet5 --checkpoint-every 1000 --recipe together.yaml";

  /** Each of them owns some slices, and averages them for the others. */
  private static final String IN_SLICES =
      "train --data data --model lenet5 --checkpoint-every 1000 --recipe slices.yaml";

  /** Slices depend on those before the round, too. */
  private static final String IN_CHANGES = IN_SLICES + " --outer-momentum 0.5 --wire int8";

  /**
   * A stage has the eleven rounds of an epoch, each of which begins before the one before ends. On
   * too few slots each round has a stage, in which those before it are trained again.
   */
  private static final String OVERLAPPING =
      "train --data data --model lenet5 --checkpoint-every 30 --recipe slices.yaml --overlap"
          + " --epochs 8";

  /** After a few hundredths of a second all workers have what they begin with. */
  private static final String IN_MID_STRETCH = "train:4+200";

  private static final int WORKERS = 3;
  private static final int ROUNDS = 12;
  private static final int ROUNDS_TOGETHER = 20 * 12;
  private static final int KILLED = 128 + 9;

  @TempDir private static Path folder;
  private static Stoker stoker;
  private static LocalCluster cluster;
  private static String master;

  /** The hash of the run that nothing disturbs. */
  private static String undisturbed;

  private static String undisturbedTogether;
  private static String undisturbedInChanges;
  private static String undisturbedOverlapping;

  private String run;
  private Path log;
  private String job;

  @BeforeAll
  static void start() throws IOException {
    stoker = Stoker.in(folder);
    String recipe =
        """
        workers: 3
        batch: 32
        local-steps: 16
        epochs: 6
        learning-rate: 0.02
        momentum: 0.9
        slice-bytes: 65536
        """;
    Files.writeString(folder.resolve("waves.yaml"), recipe);
    succeed("--master local[2] synth --output data --count 3000 --size 28");
    JsonNode result = succeed("--master local[2] " + JOB + " --run undisturbed");
    assertThat(result.get("rounds").asInt()).isEqualTo(ROUNDS);
    undisturbed = result.get("parameters_sha256").asText();
    String together =
        """
        workers: 2
        batch: 32
        local-steps: 4
        epochs: 20
        learning-rate: 0.02
        momentum: 0.9
        """;
    Files.writeString(folder.resolve("together.yaml"), together);
    Files.writeString(folder.resolve("slices.yaml"), together + "slice-bytes: 65536\n");
    undisturbedTogether = inWaves(TOGETHER, "together");
    undisturbedInChanges = inWaves(IN_CHANGES, "changes");
    undisturbedOverlapping = inWaves(OVERLAPPING, "overlapping");
    cluster = LocalCluster.in(folder.resolve("cluster"));
    master = cluster.start("--executors", "1", "--cores", "1", "--memory", "1g");
  }

  /** The hash of a job on one slot: a round a stage, in two waves. */
  private static String inWaves(String job, String run) throws IOException {
    return succeed("--master local[1] " + job + " --run " + run).get("parameters_sha256").asText();
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.stop();
    }
  }

  @BeforeEach
  void prepare(TestInfo test) {
    run = test.getTestMethod().orElseThrow().getName();
    log = folder.resolve(run + ".log");
    job = JOB;
    cluster.haveWorkers(2);
  }

  @Test
  void losesAnExecutorInTheTrainStage() throws IOException {
    assertUndisturbed(train("kill-executor@train:6"));

    assertThat(happened("lost ")).hasSize(1);
    assertThat(happened("train 6 ")).hasSizeGreaterThan(WORKERS);
  }

  @Test
  void losesAnExecutorInTheAverageStage() throws IOException {
    assertUndisturbed(train("kill-executor@average:6"));

    assertThat(happened("lost ")).hasSize(1);
    // Pieces of the workers that it had trained went with it.
    assertThat(happened("train 6 ")).hasSizeGreaterThan(WORKERS);
  }

  @Test
  void losesAnExecutorInMixedPrecision() throws IOException {
    job = JOB + " --precision bf16";
    Outcome usual =
        stoker.run(("--master local[2] " + job + " --json --run usual-bf16").split(" "));
    assumeThat(usual.exitCode()).as("4: this processor has no bfloat16").isNotEqualTo(4);
    assertThat(usual.exitCode()).as(usual.err()).isZero();

    assertParameters(
        train("kill-executor@train:6"), usual.json().get("parameters_sha256").asText());
    assertThat(happened("lost ")).hasSize(1);
    assertThat(happened("train 6 ")).hasSizeGreaterThan(WORKERS);
  }

  @Test
  void losesAnExecutorBetweenRounds() throws IOException {
    assertUndisturbed(train("kill-executor@between:6"));

    assertThat(happened("lost ")).hasSize(1);
  }

  @Test
  void losesAnExecutorThatWritesACheckpoint() throws IOException {
    assertUndisturbed(train("kill-executor@checkpoint:2"));

    assertThat(happened("lost ")).hasSize(1);
    // Once more; or twice, if the slices that only the dead one had must be averaged again first.
    assertThat(happened("checkpoint 2 ")).hasSizeBetween(2, 3);
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

  @Test
  void losesAnExecutorOfWorkersThatExchange() throws IOException {
    assertLosesAnExecutorInMidStage(TOGETHER, undisturbedTogether);
  }

  @Test
  void losesAnExecutorOfWorkersThatAverageForEachOther() throws IOException {
    assertLosesAnExecutorInMidStage(IN_SLICES, undisturbedTogether);
  }

  @Test
  void losesAnExecutorOfWorkersThatSendChanges() throws IOException {
    assertLosesAnExecutorInMidStage(IN_CHANGES, undisturbedInChanges);
  }

  private void assertLosesAnExecutorInMidStage(String exchanging, String expected)
      throws IOException {
    job = exchanging;
    Outcome outcome = train("kill-executor@" + IN_MID_STRETCH);
    assertParameters(outcome, expected);

    assertThat(happened("lost ")).hasSize(1);
    // The other worker has waited: its task did not begin again.
    assertThat(happened("train 4 ")).hasSize(2 + 1);
    assertThat(happened("train ")).hasSizeLessThan(ROUNDS_TOGETHER);
    assertThat(outcome.err()).doesNotContain("the rounds are trained one by one");
  }

  @Test
  void losesAWorkerProcessOfWorkersThatExchangeForGood() throws IOException {
    job = TOGETHER;
    Outcome outcome = train("kill-worker@" + IN_MID_STRETCH);
    assertTogether(outcome);

    assertThat(happened("lost ")).hasSize(1);
    assertThat(outcome.err()).contains("the rounds are trained one by one");
  }

  /** The rounds of the stage are trained again, in one stage. */
  @Test
  void losesAnExecutorOfWorkersWhoseRoundsOverlap() throws IOException {
    job = OVERLAPPING;
    Outcome outcome = train("kill-executor@train:4+200");
    assertParameters(outcome, undisturbedOverlapping);

    assertThat(happened("lost ")).hasSize(1);
    assertThat(outcome.err()).contains("began again while rounds overlap");
    assertThat(happened("train 5 ")).hasSize(2);
    assertThat(happened("train 10 ")).isEmpty();
  }

  @Test
  void losesAnExecutorThatAveragesAfterRoundsThatOverlap() throws IOException {
    job = OVERLAPPING;
    assertParameters(train("kill-executor@average:4"), undisturbedOverlapping);

    assertThat(happened("lost ")).hasSize(1);
  }

  @Test
  void losesAnExecutorBetweenRoundsThatOverlap() throws IOException {
    job = OVERLAPPING;
    assertParameters(train("kill-executor@between:4"), undisturbedOverlapping);

    assertThat(happened("lost ")).hasSize(1);
  }

  /** Each round has a stage from then on. */
  @Test
  void losesAWorkerProcessOfWorkersWhoseRoundsOverlapForGood() throws IOException {
    job = OVERLAPPING;
    Outcome outcome = train("kill-worker@train:7+200");
    assertParameters(outcome, undisturbedOverlapping);

    assertThat(happened("lost ")).hasSize(1);
    assertThat(outcome.err()).contains("Overlap needs a slot");
    assertThat(happened("train 20 ")).isNotEmpty();
  }

  @Test
  void triesAgainATaskOfWorkersWhoseRoundsOverlap() throws IOException {
    job = OVERLAPPING;
    assertParameters(train("fail@train:4"), undisturbedOverlapping);

    assertThat(happened("failed ")).isNotEmpty();
  }

  @Test
  void goesOnWithRoundsThatOverlapAfterItsDriverWasKilled() throws IOException {
    job = OVERLAPPING;
    assertThat(train("kill-driver@train:5").exitCode()).isEqualTo(KILLED);
    assertThat(checkpoints()).containsExactly("000033");

    assertParameters(resume(), undisturbedOverlapping);
  }

  @Test
  void triesAgainATaskOfWorkersThatExchange() throws IOException {
    job = TOGETHER;
    assertTogether(train("fail@train:4"));

    assertThat(happened("train 4 partition 0 attempt 0.2 ")).hasSize(1);
  }

  @Test
  void losesAWorkerProcessThatComesBack() throws IOException {
    Started training = start("kill-worker@train:4,join@train:6");
    Stoker.awaitLine(log, "lost ");
    cluster.haveWorkers(2);
    assertUndisturbed(Stoker.finish(training));

    assertThat(happened("added ")).hasSize(3);
  }

  @Test
  void losesAWorkerProcessForGood() throws IOException {
    assertUndisturbed(train("kill-worker@train:4"));

    assertThat(happened("lost ")).hasSize(1);
    assertThat(executorsOf("train 12 ")).hasSize(1);
  }

  @Test
  void getsAnExecutorInTheMiddle() throws IOException {
    cluster.haveWorkers(1);
    Started training = start("join@train:4");
    Stoker.awaitLine(log, "waiting");
    cluster.haveWorkers(2);
    assertUndisturbed(Stoker.finish(training));

    assertThat(executorsOf("train 3 ")).hasSize(1);
    assertThat(executorsOf("train 12 ")).hasSize(2);
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
  void triesAgainATaskThatFailsTwice() throws IOException {
    assertUndisturbed(train("fail@train:4,fail@average:7"));

    assertThat(happened("failed ")).hasSize(4);
    assertThat(happened("train 4 partition 0 attempt 0.2 ")).hasSize(1);
    assertThat(happened("average 7 partition 0 attempt 0.2 ")).hasSize(1);
  }

  @Test
  void goesOnAfterItsDriverWasKilled() throws IOException {
    assertThat(train("kill-driver@train:6").exitCode()).isEqualTo(KILLED);
    assertThat(checkpoints()).containsExactly("000004");

    assertUndisturbed(resume());
    assertThat(checkpoints()).containsExactly("000004", "000008", "000012");
    assertThat(folder.resolve(run).resolve("metrics.jsonl")).content().hasLineCount(ROUNDS);
  }

  @Test
  void goesOnWithAnotherNumberOfExecutors() throws IOException {
    assertThat(train("kill-driver@checkpoint:2").exitCode()).isEqualTo(KILLED);
    assertThat(checkpoints()).containsExactly("000004");

    cluster.haveWorkers(1);
    assertUndisturbed(resume());
    assertThat(checkpoints()).containsExactly("000004", "000008", "000012");
  }

  private Outcome train(String faults, String... configuration) {
    return Stoker.finish(start(faults, configuration));
  }

  private Started start(String faults, String... configuration) {
    String classes = Stoker.testClasses().toString();
    List<String> command =
        new ArrayList<>(List.of("--master", master, "--driver-class-path", classes));
    Stream.concat(
            Stream.of(configuration),
            Stream.of(
                "spark.executor.extraClassPath=" + classes,
                "spark.plugins=" + FaultPlugin.class.getName(),
                FaultPlugin.FAULTS + "=" + faults,
                FaultPlugin.LOG + "=" + log))
        .forEach(setting -> command.addAll(List.of("--conf", setting)));
    command.addAll(List.of((job + " --json --run " + run).split(" ")));
    return stoker.start(command.toArray(String[]::new));
  }

  private Outcome resume() {
    return stoker.run(
        ("--master " + master + " train --run " + run + " --resume --json").split(" "));
  }

  private static void assertUndisturbed(Outcome outcome) {
    assertParameters(outcome, undisturbed);
  }

  private static void assertTogether(Outcome outcome) {
    assertParameters(outcome, undisturbedTogether);
  }

  private static void assertParameters(Outcome outcome, String expected) {
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("parameters_sha256").asText()).isEqualTo(expected);
    // What Spark logs of a lost executor or task takes a line, in a job that goes on.
    assertThat(outcome.err().lines()).noneMatch(line -> line.startsWith("\tat "));
  }

  /** What {@link FaultPlugin} noted, of one kind. */
  private List<String> happened(String prefix) throws IOException {
    return Files.readAllLines(log).stream().filter(line -> line.startsWith(prefix)).toList();
  }

  private List<String> executorsOf(String stage) throws IOException {
    return happened(stage).stream()
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .distinct()
        .toList();
  }

  /** The complete ones of the run. */
  private List<String> checkpoints() throws IOException {
    try (Stream<Path> folders = Files.list(folder.resolve(run).resolve("checkpoints"))) {
      return folders
          .filter(checkpoint -> Files.exists(checkpoint.resolve("manifest.json")))
          .map(checkpoint -> checkpoint.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  private static JsonNode succeed(String command) {
    Outcome outcome = stoker.run((command + " --json").split(" "));
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.json();
  }
}
