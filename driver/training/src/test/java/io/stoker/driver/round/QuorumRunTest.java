// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** Jobs with a quorum, their records, and runs that follow one. */
@Exact
@Tag("slow")
class QuorumRunTest {
  @TempDir static Path folder;

  private static TinyJob job;

  /** Its record says that a worker was absent in every other round. */
  private static TrainResult changed;

  @BeforeAll
  static void start() throws IOException {
    job = TinyJob.in(folder);
    train("local[2]", "recorded", with -> with, Optional.empty());
    Path file = folder.resolve("recorded/metrics.jsonl");
    List<String> lines =
        Files.readAllLines(file).stream().map(l -> l.replaceAll("\"absent\":[^]]*],", "")).toList();
    Files.write(
        file,
        IntStream.range(0, lines.size())
            .mapToObj(
                round ->
                    round % 2 == 0
                        ? lines.get(round)
                        : lines
                            .get(round)
                            .replaceFirst("\\{", "{\"absent\":[" + round / 2 % 2 + "],"))
            .toList());
    changed = train("local[2]", "changed", with -> with, replayOf("recorded"));
  }

  private static Optional<String> replayOf(String run) {
    return Optional.of(job.run(run).toString());
  }

  private static TrainingConfig config(String run, UnaryOperator<TrainingConfig.Builder> change) {
    return change.apply(job.config(run).localSteps(2).set("quorum", 0.5)).build();
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

  private static List<List<Integer>> record(String run) {
    return MetricsLog.read(new org.apache.hadoop.fs.Path(job.run(run).toUri()), new Configuration())
        .stream()
        .map(RoundMetrics::absent)
        .toList();
  }

  @Test
  void theRecordDecidesTheBitsAndNotTheCluster() {
    assertThat(record("recorded").subList(0, 4))
        .containsExactly(List.of(), List.of(0), List.of(), List.of(1));
    TrainResult again = train("local[1]", "again", with -> with, replayOf("recorded"));
    TrainResult ofReplay = train("local[3]", "of-replay", with -> with, replayOf("changed"));
    TrainResult all = train("local[2]", "all", with -> with.set("quorum", 1), Optional.empty());

    assertThat(again.parametersSha256()).isEqualTo(changed.parametersSha256());
    assertThat(ofReplay.parametersSha256()).isEqualTo(changed.parametersSha256());
    assertThat(again.examples()).isEqualTo(changed.examples()).isLessThan(all.examples());
    assertThat(all.parametersSha256()).isNotEqualTo(changed.parametersSha256());
    assertThat(record("changed")).isEqualTo(record("recorded"));
    assertThat(record("again")).isEqualTo(record("recorded"));
    assertThat(record("all")).containsOnly(List.of());
  }

  @Test
  void aReplayThatIsStoppedGoesOnToTheSameBits() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainingConfig often = config("stopped", with -> with.checkpointEvery(1));
      Optional<String> of = replayOf("recorded");
      assertThatThrownBy(
              () -> TrainJob.run(spark, often, ExistingRun.REFUSE, of, TinyJob.stoppingAfter(5)))
          .hasMessage("stopped");

      TrainResult resumed = TrainJob.run(spark, often, ExistingRun.RESUME, of, RoundListeners.NONE);

      assertThat(resumed.parametersSha256()).isEqualTo(changed.parametersSha256());
      assertThat(record("stopped")).isEqualTo(record("recorded"));
    }
  }

  @Test
  void recordsThatCannotBeFollowedAreRefused() throws IOException {
    train("local[2]", "none", with -> with.set("quorum", 1), Optional.empty());
    List<String> lines = Files.readAllLines(folder.resolve("recorded/metrics.jsonl"));
    copyOfRecorded("cut", lines.subList(0, 3));
    copyOfRecorded("gap", IntStream.of(0, 1, 3, 4, 5, 6).mapToObj(lines::get).toList());
    copyOfRecorded(
        "odd", lines.stream().map(l -> l.replace("\"absent\":[1]", "\"absent\":[2]")).toList());

    assertRefused("cut", with -> with, "metrics.jsonl, has 3 of 10 rounds");
    assertRefused("gap", with -> with.epochs(1), "round 4 is where round 3 should be");
    assertRefused("nowhere", with -> with, "Not a run folder");
    assertRefused("none", with -> with.set("quorum", 1), "without --quorum");
    assertRefused("recorded", with -> with.batch(8), "batch: 8 here, 16 in the run");
    assertRefused("none", with -> with, "quorum: 0.5 here, not set in the run");
    assertThatThrownBy(() -> train("local[1]", "new", with -> with, replayOf("odd")))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("round 4")
        .hasMessageContaining("[2] are absent of 2 workers");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  private static void copyOfRecorded(String run, List<String> lines) throws IOException {
    Files.createDirectory(folder.resolve(run));
    Files.copy(folder.resolve("recorded/run.json"), folder.resolve(run).resolve("run.json"));
    Files.write(folder.resolve(run).resolve("metrics.jsonl"), lines);
  }

  private static void assertRefused(
      String run, UnaryOperator<TrainingConfig.Builder> change, String reason) {
    assertThatThrownBy(() -> train("local[1]", "new", change, replayOf(run)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(reason);
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void aGangHasNoQuorum() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      spark.sc().conf().set("spark.stoker.gang", "true");
      assertThatThrownBy(
              () ->
                  TrainJob.run(
                      spark, config("gang", with -> with), ExistingRun.REFUSE, RoundListeners.NONE))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("Cannot use --quorum with --gang");
      assertThat(folder.resolve("gang")).doesNotExist();
    }
  }
}
