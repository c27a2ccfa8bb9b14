// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.WorkBySpeed;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundWorkers;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose workers take steps by their speeds, their records, and runs that follow one. */
@Exact
@Tag("slow")
class WorkBySpeedRunTest {
  /** The images of both epochs of a job of two workers. */
  private static final int EXAMPLES = 2 * 271;

  private static final int BATCH = 16;

  @TempDir static Path folder;

  private static TinyJob job;

  /** Rounds of 4, 4 and 1 steps in each epoch. Its record says that a worker took fewer. */
  private static final List<List<Integer>> STEPS =
      List.of(
          List.of(4, 4), List.of(4, 1), List.of(1, 1), List.of(2, 4), List.of(4, 3), List.of(1, 1));

  /** It follows a record with these steps. */
  private static TrainResult changed;

  @BeforeAll
  static void start() throws IOException {
    job = TinyJob.in(folder);
    train("local[2]", "recorded", with -> with, Optional.empty());
    write("recorded", withSteps(lines("recorded"), STEPS));
    changed = train("local[2]", "changed", with -> with, replayOf("recorded"));
  }

  private static List<String> lines(String run) throws IOException {
    return Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl"));
  }

  private static void write(String run, List<String> lines) throws IOException {
    Files.write(folder.resolve(run).resolve("metrics.jsonl"), lines);
  }

  private static List<String> withSteps(List<String> lines, List<List<Integer>> steps) {
    return IntStream.range(0, lines.size())
        .mapToObj(round -> withList(lines.get(round), "worker_steps", steps.get(round)))
        .toList();
  }

  private static String withList(String line, String name, List<Integer> list) {
    return line.replaceFirst(
        "\"" + name + "\":[^]]*]", "\"" + name + "\":" + list.toString().replace(" ", ""));
  }

  private static Optional<String> replayOf(String run) {
    return Optional.of(job.run(run).toString());
  }

  private static TrainingConfig config(String run, UnaryOperator<TrainingConfig.Builder> change) {
    return change.apply(job.config(run).localSteps(4).set("work_by_speed", true)).build();
  }

  private static TrainResult train(
      String master,
      String run,
      UnaryOperator<TrainingConfig.Builder> change,
      Optional<String> replayed) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return TrainJob.run(
          spark, config(run, change), ExistingRun.REFUSE, replayed, RoundListeners.NONE);
    }
  }

  private static List<RoundWorkers> record(String run) {
    return MetricsLog.read(new org.apache.hadoop.fs.Path(job.run(run).toUri()), new Configuration())
        .stream()
        .map(RoundMetrics::workers)
        .toList();
  }

  private static List<List<Integer>> steps(String run) {
    return record(run).stream().map(RoundWorkers::steps).toList();
  }

  @Test
  void theRecordDecidesTheBitsAndNotTheCluster() {
    TrainResult again = train("local[1]", "again", with -> with, replayOf("recorded"));
    TrainResult ofReplay = train("local[3]", "of-replay", with -> with, replayOf("changed"));

    assertThat(again.parametersSha256()).isEqualTo(changed.parametersSha256());
    assertThat(ofReplay.parametersSha256()).isEqualTo(changed.parametersSha256());
    assertThat(steps("changed")).isEqualTo(STEPS);
    assertThat(steps("of-replay")).isEqualTo(STEPS);
    assertThat(changed.examples()).isEqualTo(EXAMPLES - (3 + 2 + 1) * BATCH);
    assertThat(record("again"))
        .allSatisfy(round -> assertThat(round.speeds()).hasSize(2).allMatch(speed -> speed > 0));
  }

  @Test
  void equalStepsGiveTheBitsOfAJobWithoutTheOption() throws IOException {
    train("local[2]", "equal", with -> with, Optional.empty());
    List<List<Integer>> all =
        IntStream.of(4, 4, 1, 4, 4, 1).mapToObj(steps -> List.of(steps, steps)).toList();
    write("equal", withSteps(lines("equal"), all));

    TrainResult equal = train("local[2]", "of-equal", with -> with, replayOf("equal"));
    TrainResult without =
        train("local[2]", "without", with -> with.set("work_by_speed", false), Optional.empty());

    assertThat(equal.parametersSha256()).isEqualTo(without.parametersSha256());
    assertThat(equal.examples()).isEqualTo(EXAMPLES);
    assertThat(changed.parametersSha256()).isNotEqualTo(without.parametersSha256());
    assertThat(lines("without")).noneMatch(line -> line.contains("worker_"));
  }

  @Test
  void theStepsFollowFromTheRecord() {
    train("local[2]", "own", with -> with, Optional.empty());
    List<RoundWorkers> record = record("own");
    WorkBySpeed afterFirst = new WorkBySpeed(2);
    afterFirst.roundFinished(record.get(0));

    assertThat(record.get(0).steps()).containsExactly(4, 4);
    assertThat(record.get(1).steps()) // A job's first stage has one round.
        .isEqualTo(afterFirst.shares().of(4));
  }

  @Test
  void aResumedRunDecidesByTheSpeedsOfItsRecord() throws IOException {
    train("local[2]", "resumed", with -> with.epochs(1), Optional.empty());
    write(
        "resumed",
        lines("resumed").stream()
            .map(line -> withList(line, "worker_speeds", List.of(25, 100)))
            .toList());
    TrainResult resumed;
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      resumed =
          TrainJob.run(
              spark, config("resumed", with -> with), ExistingRun.RESUME, RoundListeners.NONE);
    }
    TrainResult again = train("local[1]", "of-resumed", with -> with, replayOf("resumed"));

    assertThat(steps("resumed").get(3)).containsExactly(1, 4);
    assertThat(again.parametersSha256()).isEqualTo(resumed.parametersSha256());
  }

  @Test
  void aWorkerThatWasAbsentHasStepsThatDoNotCount() throws IOException {
    UnaryOperator<TrainingConfig.Builder> quorum = with -> with.set("quorum", 0.5);
    train("local[2]", "both", quorum, Optional.empty());
    List<String> lines =
        lines("both").stream().map(l -> l.replaceAll("\"absent\":[^]]*],", "")).toList();
    List<String> without = new ArrayList<>(withSteps(lines, STEPS));
    without.set(1, without.get(1).replaceFirst("\\{", "{\"absent\":[0],"));
    write("both", without);

    TrainResult both = train("local[3]", "of-both", quorum, replayOf("both"));
    TrainResult again = train("local[1]", "again-both", quorum, replayOf("both"));

    assertThat(both.parametersSha256()).isEqualTo(again.parametersSha256());
    assertThat(both.examples()).isEqualTo(changed.examples() - 4 * BATCH);
    assertThat(record("of-both").get(1).absent()).containsExactly(0);
    assertThat(steps("of-both")).isEqualTo(STEPS);
  }

  @Test
  void recordsThatCannotBeFollowedAreRefused() throws IOException {
    List<String> lines = lines("recorded");
    copyOfRecorded("cut", lines.subList(0, 3));
    copyOfRecorded("many", withSteps(lines, Collections.nCopies(6, List.of(4, 5))));
    copyOfRecorded("few", withSteps(lines, Collections.nCopies(6, List.of(4))));
    copyOfRecorded(
        "none", lines.stream().map(l -> l.replaceFirst("\"worker_steps\":[^]]*],", "")).toList());

    assertThatThrownBy(() -> train("local[1]", "new", with -> with, replayOf("cut")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("metrics.jsonl, has 3 of 6 rounds");
    assertThatThrownBy(
            () ->
                train(
                    "local[1]",
                    "new",
                    with -> with.set("work_by_speed", false),
                    replayOf("recorded")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("work by speed");
    assertDamaged("many", "2 workers took [4, 5] of 4 steps");
    assertDamaged("few", "2 workers took [4] of 4 steps");
    assertDamaged("none", "2 workers took [] of 4 steps");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  private static void copyOfRecorded(String run, List<String> lines) throws IOException {
    Files.createDirectory(folder.resolve(run));
    Files.copy(folder.resolve("recorded/run.json"), folder.resolve(run).resolve("run.json"));
    write(run, lines);
  }

  private static void assertDamaged(String run, String reason) {
    assertThatThrownBy(() -> train("local[1]", "new", with -> with, replayOf(run)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("Invalid line of round 1")
        .hasMessageContaining(reason);
  }
}
