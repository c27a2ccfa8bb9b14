// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.RunOnDisk;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunSummaryTest {
  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();

  @Test
  void takesTheStateFromRoundsPatienceAndTheLock() {
    RunOnDisk.in(folder.resolve("a"), 20).rounds(1, 20);
    RunOnDisk.in(folder.resolve("b"), 20).rounds(1, 7);
    RunOnDisk.in(folder.resolve("c"), 20);
    RunOnDisk.in(config("d").validateEvery(1).patience(2), 20)
        .rounds(1, 3)
        .validation(1, 0.9)
        .validation(2, 0.8)
        .validation(3, 0.7);

    try (RunLock b = lock("b");
        RunLock c = lock("c")) {
      b.requireOurs();
      c.requireOurs();
      Instant later = Instant.now().plus(Duration.ofDays(1));
      assertThat(RunSummary.in(folder.toString(), hadoop, later))
          .extracting(RunSummary::state)
          .containsExactly(
              RunState.FINISHED, RunState.RUNNING, RunState.RUNNING, RunState.FINISHED);
    }
    // As after Ctrl-C, or where training has diverged: at once, not after a while.
    assertThat(RunSummary.in(folder.toString(), hadoop, Instant.now()))
        .extracting(RunSummary::state)
        .containsExactly(
            RunState.FINISHED, RunState.INTERRUPTED, RunState.INTERRUPTED, RunState.FINISHED);
  }

  @Test
  void takesALockOfAProcessThatHasEndedForNone() throws Exception {
    RunOnDisk.in(folder.resolve("a"), 20).rounds(1, 7);
    Process other = new ProcessBuilder("true").start();
    other.waitFor();
    String ours;
    try (RunLock lock = lock("a")) {
      lock.requireOurs();
      ours = Files.readString(folder.resolve("a/lock.json"));
    }
    String dead =
        ours.replaceAll("\"pid\" : [0-9]+", "\"pid\" : " + other.pid())
            .replaceFirst("\"id\" : \"[^\"]*\"", "\"id\" : \"another\"");
    Files.writeString(folder.resolve("a/lock.json"), dead);

    assertThat(state("a", Instant.now())).isEqualTo(RunState.INTERRUPTED);
  }

  /** Only the file's time says whether a driver on another machine still writes its lock. */
  @Test
  void takesALockFromAnotherMachineForAliveWhileItIsFresh() throws IOException {
    RunOnDisk.in(folder.resolve("a"), 20).rounds(1, 7);
    Files.writeString(
        folder.resolve("a/lock.json"),
        "{\"id\":\"x\",\"process\":{\"host\":\"far\",\"machine\":\"away\",\"pid\":1,\"started\":2},\"beat\":3}");

    Instant now = Instant.now();
    assertThat(state("a", now.plusSeconds(60))).isEqualTo(RunState.RUNNING);
    assertThat(state("a", now.plusSeconds(600))).isEqualTo(RunState.INTERRUPTED);
  }

  /** S3's folders have no time: its client answers with that of the question. */
  @Test
  void asksNoFolderForItsTime() throws IOException {
    hadoop.setClass("fs.timeless.impl", FoldersOfNow.class, FileSystem.class);
    RunOnDisk.in(folder.resolve("a"), 20).rounds(1, 7);
    Files.createDirectories(folder.resolve("a/checkpoints/000004"));
    FileTime old = FileTime.from(Instant.parse("2026-01-02T03:04:05Z"));
    for (String file : List.of("run.json", "metrics.jsonl")) {
      Files.setLastModifiedTime(folder.resolve("a").resolve(file), old);
    }

    assertThat(RunSummary.in("timeless://" + folder, hadoop, Instant.now()))
        .singleElement()
        .satisfies(
            run -> {
              assertThat(run.updated()).isEqualTo(old.toInstant());
              assertThat(run.state()).isEqualTo(RunState.INTERRUPTED);
            });
  }

  /** A filesystem whose folders were all changed just now. */
  public static final class FoldersOfNow extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("timeless:///");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      FileStatus[] entries = super.listStatus(path);
      for (int i = 0; i < entries.length; i++) {
        if (entries[i].isDirectory()) {
          long now = System.currentTimeMillis();
          entries[i] = new FileStatus(0, true, 1, 0, now, entries[i].getPath());
        }
      }
      return entries;
    }
  }

  private RunLock lock(String run) {
    return RunFolder.at(hadoopPath(run), hadoop).lock();
  }

  private RunState state(String run, Instant now) {
    return RunSummary.of(hadoopPath(run), hadoop, now).state();
  }

  private org.apache.hadoop.fs.Path hadoopPath(String run) {
    return new org.apache.hadoop.fs.Path(folder.resolve(run).toUri());
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
            c -> assertThat(c).contains("metrics.jsonl: its last line"),
            d -> assertThat(d).isEmpty());
    assertThat(RunSummary.in(folder.toString(), hadoop, Instant.now()).get(0).last())
        .contains(RunOnDisk.round(4));
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
