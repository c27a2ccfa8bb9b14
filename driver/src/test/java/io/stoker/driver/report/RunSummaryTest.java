package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.RunOnDisk;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunSummaryTest {
  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();

  @Test
  void saysHowARunStands() {
    RunOnDisk.in(folder.resolve("a"), 20).rounds(1, 20);
    RunOnDisk.in(folder.resolve("b"), 20).rounds(1, 7);
    RunOnDisk.in(folder.resolve("c"), 20);
    RunOnDisk.in(config("d").validateEvery(1).patience(2), 20)
        .rounds(1, 3)
        .validation(1, 0.9)
        .validation(2, 0.8)
        .validation(3, 0.7);

    Instant now = Instant.now();
    assertThat(RunSummary.in(folder.toString(), hadoop, now))
        .extracting(RunSummary::state)
        .containsExactly(RunState.FINISHED, RunState.RUNNING, RunState.RUNNING, RunState.FINISHED);
    assertThat(RunSummary.in(folder.toString(), hadoop, now.plus(Duration.ofMinutes(5))))
        .extracting(RunSummary::state)
        .containsExactly(
            RunState.FINISHED, RunState.INTERRUPTED, RunState.INTERRUPTED, RunState.FINISHED);
  }

  @Test
  void takesTheBestValidationForItsAccuracyAndElseTheLastRound() {
    RunOnDisk.in(folder.resolve("a"), 9).rounds(1, 4).validation(2, 0.9).validation(4, 0.8);
    RunOnDisk.in(folder.resolve("b"), 9).rounds(1, 4);

    assertThat(RunSummary.in(folder.toString(), hadoop, Instant.now()))
        .extracting(run -> run.accuracy().orElseThrow() + " " + run.split())
        .containsExactly("0.9 validation", "0.875 train");
  }

  @Test
  void readsNoMoreThanTheLastRoundOfAHugeRun() {
    RunOnDisk.in(folder.resolve("a"), 2000).rounds(1, 1500);

    assertThat(RunSummary.in(folder.resolve("a").toString(), hadoop, Instant.now()))
        .singleElement()
        .satisfies(run -> assertThat(run.last()).contains(RunOnDisk.round(1500)));
  }

  @Test
  void saysWhatIsDamagedAndGoesOn() throws IOException {
    RunOnDisk.in(folder.resolve("a"), 9).rounds(1, 4);
    RunOnDisk.in(folder.resolve("b"), 9).rounds(1, 4);
    RunOnDisk.in(folder.resolve("c"), 9).rounds(1, 4);
    RunOnDisk.in(folder.resolve("d"), 9).rounds(1, 4);
    Files.writeString(folder.resolve("a/run.json"), "{\"config");
    Files.delete(folder.resolve("b/run.json"));
    Files.writeString(folder.resolve("c/metrics.jsonl"), "oops\n");
    Files.writeString(folder.resolve("d/metrics.jsonl"), "{\"rou", StandardOpenOption.APPEND);

    assertThat(RunSummary.in(folder.toString(), hadoop, Instant.now()))
        .extracting(RunSummary::damage)
        .satisfiesExactly(
            a -> assertThat(a).contains("Cannot read").contains("a/run.json"),
            b -> assertThat(b).contains("Not a run folder"),
            c -> assertThat(c).contains("its last line is no round"),
            d -> assertThat(d).isEmpty());
  }

  @Test
  void wantsAFolder() throws IOException {
    assertThatThrownBy(() -> RunSummary.in(folder + "/none", hadoop, Instant.now()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot find folder");
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> RunSummary.in(file.toString(), hadoop, Instant.now()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Not a folder");
    assertThat(RunSummary.in(folder.toString(), hadoop, Instant.now())).isEmpty();
  }

  private TrainingConfig.Builder config(String run) {
    return TrainingConfig.builder()
        .data("/data")
        .run(folder.resolve(run).toString())
        .model("lenet5");
  }
}
