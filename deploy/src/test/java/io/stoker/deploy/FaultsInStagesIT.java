// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The result depends on the job, never on the cluster, also where a stage has several rounds. */
@Exact
class FaultsInStagesIT extends ClusterFaults {
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

  /** A stage has the eleven rounds of an epoch, each of which begins before the one before ends. */
  private static final String OVERLAPPING =
      "train --data data --model lenet5 --checkpoint-every 30 --recipe slices.yaml --overlap"
          + " --epochs 8";

  /**
   * A round is an epoch of 0.3 s or more of training, so that the signal that stops one of two
   * workers reaches it before it has delivered: one that has delivered is waited for.
   */
  private static final String WITH_QUORUM =
      "train --data data --model resnet-20 --checkpoint-every 1000 --recipe slices.yaml"
          + " --quorum 0.5 --batch 32 --local-steps 11 --epochs 14";

  /** All workers have begun, and none needs slices from before the stage any more. */
  private static final String IN_MID_STAGE = "train:3+round";

  private static final int ROUNDS_TOGETHER = 12 * 11;

  /** The hashes of the runs that nothing disturbs. */
  private static String undisturbedTogether;

  private static String undisturbedOverlapping;

  @BeforeAll
  static void trainUndisturbed() throws IOException {
    String together =
        """
        workers: 2
        batch: 8
        local-steps: 4
        epochs: 12
        learning-rate: 0.02
        momentum: 0.9
        """;
    Files.writeString(folder.resolve("together.yaml"), together);
    Files.writeString(folder.resolve("slices.yaml"), together + "slice-bytes: 65536\n");
    undisturbedTogether = inWaves(TOGETHER, "together");
    undisturbedOverlapping = hash("local[2]", OVERLAPPING, "overlapping");
  }

  /** The hash of a job on one slot: a round a stage, in two waves. */
  private static String inWaves(String job, String run) {
    return hash("local[1]", job, run);
  }

  private static String hash(String master, String job, String run) {
    return succeed("--master " + master + " " + job + " --run " + run)
        .get("parameters_sha256")
        .asText();
  }

  @Test
  @Tag("thorough")
  void losesAnExecutorOfWorkersThatExchange() throws IOException {
    assertLosesAnExecutorInMidStage(TOGETHER, undisturbedTogether);
  }

  @Test
  void losesAnExecutorOfWorkersThatAverageForEachOther() throws IOException {
    assertLosesAnExecutorInMidStage(IN_SLICES, undisturbedTogether);
  }

  /** None is there when the job begins, and the first one says how all of them compute. */
  @Test
  @Tag("one-line")
  void losesAnExecutorOfThoseThatItHasStarted() throws IOException {
    job = IN_SLICES;
    Outcome outcome =
        train(
            "kill-executor@" + IN_MID_STAGE,
            "spark.dynamicAllocation.enabled=true",
            "spark.dynamicAllocation.shuffleTracking.enabled=true");

    assertParameters(outcome, undisturbedTogether);
    assertThat(folder.resolve(run).resolve("run.json")).content().contains("instruction_set");
  }

  @Test
  @Tag("one-line")
  void losesAnExecutorOfWorkersThatSendChanges() throws IOException {
    assertLosesAnExecutorInMidStage(IN_CHANGES, inWaves(IN_CHANGES, "changes"));
  }

  private void assertLosesAnExecutorInMidStage(String exchanging, String expected)
      throws IOException {
    job = exchanging;
    Outcome outcome = train("kill-executor@" + IN_MID_STAGE);
    assertParameters(outcome, expected);

    assertThat(happened("lost ")).hasSize(1);
    // The other worker has waited: its task did not begin again.
    assertThat(happened("train 3 ")).hasSize(2 + 1);
    assertThat(happened("train ")).hasSizeLessThan(ROUNDS_TOGETHER);
    assertThat(outcome.err()).doesNotContain("Rounds are trained again");
  }

  @Test
  @Tag("one-line")
  void losesAWorkerProcessOfWorkersThatExchangeForGood() throws IOException {
    job = TOGETHER;
    Outcome outcome = train("kill-worker@" + IN_MID_STAGE);
    assertTogether(outcome);

    assertThat(happened("lost ")).hasSize(1);
    assertThat(outcome.err()).contains("Rounds are trained again");
  }

  /** The other executors have a slot for the worker, which goes there between two rounds. */
  @Test
  @Tag("one-line")
  void losesNoRoundWhereAWorkerProcessIsToldToLeave() throws IOException {
    cluster.haveWorkers(3);
    job = IN_SLICES;
    try {
      Outcome outcome = train("notify-worker@" + IN_MID_STAGE, "spark.decommission.enabled=true");
      assertTogether(outcome);
      assertThat(happened("NOTIFY_WORKER ")).hasSize(1);
      assertThat(happened("train 3 ")).hasSize(2 + 1);
      assertThat(outcome.err()).doesNotContain("Rounds are trained again");
    } finally {
      cluster.haveWorkers(0); // The process that was told to leave takes no executors any more.
    }
  }

  /** Its rounds end without the worker, and the stage waits for the worker's task alone. */
  @Test
  @Tag("one-line")
  void goesOnWithoutAWorkerThatIsStoppedAndItsRecordGivesTheSameBits() throws IOException {
    job = WITH_QUORUM;
    Outcome outcome = train("stop-executor@" + IN_MID_STAGE);

    assertParameters(outcome, hash("local[2]", "train --replay " + run, run + "-again"));
    assertThat(happened("STOP_EXECUTOR ")).hasSize(1);
    assertThat(happened("lost ")).isEmpty();
    assertThat(folder.resolve(run).resolve("metrics.jsonl")).content().contains("\"absent\":[");
    assertThat(outcome.err()).doesNotContain("Rounds are trained again", "Lost task");
  }

  /**
   * The rounds of the stage are trained again, in one stage. Then the next loss, and the driver's.
   */
  @Test
  void losesExecutorsAndItsDriverWhileRoundsOverlap() throws IOException {
    job = OVERLAPPING;
    Outcome outcome =
        train("kill-executor@" + IN_MID_STAGE + ",kill-executor@average:6,kill-driver@train:8");

    assertThat(outcome.exitCode()).isEqualTo(FaultPlugin.KILLED);
    assertThat(happened("lost ")).hasSize(2);
    assertThat(outcome.err()).contains("while rounds overlap");
    assertThat(happened("train 4 ")).hasSize(2);
    assertThat(checkpoints()).isNotEmpty().doesNotContain("000088");

    assertParameters(resume(), undisturbedOverlapping);
  }

  @Test
  @Tag("thorough")
  void losesAnExecutorBetweenRoundsThatOverlap() throws IOException {
    job = OVERLAPPING;
    assertParameters(train("kill-executor@between:4"), undisturbedOverlapping);

    assertThat(happened("lost ")).hasSize(1);
  }

  /** They have no slots at the same time any more. */
  @Test
  @Tag("thorough")
  void losingAWorkerProcessOfWorkersWhoseRoundsOverlapForGoodEndsTheJobWithOneLine()
      throws IOException {
    job = OVERLAPPING;
    Outcome outcome = train("kill-worker@train:7+round", "spark.stoker.gangSeconds=5");

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(happened("lost ")).hasSize(1);
    assertThat(outcome.err())
        .contains("Cannot train 2 workers at once", "--resume", "spark.stoker.gangSeconds");
  }

  @Test
  @Tag("thorough")
  void triesAgainATaskOfWorkersWhoseRoundsOverlap() throws IOException {
    job = OVERLAPPING;
    assertParameters(train("fail@train:4"), undisturbedOverlapping);

    assertThat(happened("failed ")).isNotEmpty();
  }

  @Test
  @Tag("thorough")
  void triesAgainATaskOfWorkersThatExchange() throws IOException {
    job = TOGETHER;
    assertTogether(train("fail@train:4"));

    assertThat(happened("train 4 partition 0 attempt 0.2 ")).hasSize(1);
  }

  /** Two trials side by side, of one worker each, until one of the two executors is killed. */
  @Test
  @Tag("one-line")
  void aStudyLosesAnExecutor() throws IOException {
    Files.writeString(
        folder.resolve("space.yaml"),
        """
        model: lenet5
        workers: 1
        batch: 8
        epochs: 1
        learning-rate: [0.01, 0.02, 0.05]
        """);
    String study = "tune --data data --space space.yaml --folds 2 --trials 3";
    JsonNode expected = succeed("--master local[1] " + study + " --study undisturbed-study");
    Outcome outcome =
        Stoker.finish(startCommand(study + " --study disturbed-study", "kill-executor@train:2"));

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(happened("lost ")).hasSize(1);
    for (String key : List.of("trial", "value", "parameters_sha256", "options", "results")) {
      assertThat(outcome.json().get(key)).as(key).isEqualTo(expected.get(key));
    }
  }

  private static void assertTogether(Outcome outcome) {
    assertParameters(outcome, undisturbedTogether);
  }
}
