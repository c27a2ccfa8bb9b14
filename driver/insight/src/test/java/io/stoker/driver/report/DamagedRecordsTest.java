// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.shard.ManifestFile;
import io.stoker.driver.JsonMutations;
import io.stoker.driver.JsonMutations.Mutation;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.checkpoint.CheckpointManifest;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.EpochLosses;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.failure.DamagedException;
import io.stoker.worker.TinyShards;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that are JSON, but not what Stoker writes: whatever they are, reading one gives a valid
 * result or says that it is damaged, and a damaged run does not hide the others.
 */
@Tag("slow")
class DamagedRecordsTest {
  private static final int FILES = 140 * Integer.getInteger("stoker.tests.times", 1);

  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();
  private Path run;

  @BeforeEach
  void writeRuns() {
    run = folder.resolve("bad");
    RunOnDisk.in(
            TrainingConfig.builder()
                .data("/data")
                .run(run.toString())
                .model("lenet5")
                .augmentations(List.of("shift=2"))
                .validateEvery(1)
                .patience(2),
            9)
        .rounds(1, 4)
        .validation(2, 0.5);
    RunOnDisk.in(folder.resolve("good"), 9).rounds(1, 3);
  }

  private interface Reading {
    void read() throws IOException;
  }

  /** Writes each mutation into the file's place, and reads it. */
  private void tryAll(Path file, long seed, Reading reading) throws IOException {
    byte[] valid = Files.readAllBytes(file);
    int damaged = 0;
    for (Mutation mutation : JsonMutations.of(valid, seed, FILES)) {
      Files.write(file, mutation.content());
      try {
        reading.read();
      } catch (DamagedException e) {
        damaged++;
        assertThat(e).hasMessageStartingWith("Cannot read ");
        assertThat(e).hasMessageContaining(file.getFileName().toString());
        assertThat(e.getMessage().lines()).hasSize(1);
        assertThat(e.getMessage().length()).isLessThan(1200);
      } catch (RuntimeException e) {
        throw new AssertionError(mutation.name(), e);
      }
    }
    Files.write(file, valid);
    reading.read();
    assertThat(damaged).isGreaterThan(FILES / 2);
  }

  @Test
  void ofARunsRecord() throws IOException {
    tryAll(run.resolve("run.json"), 1, () -> runFolder().recorded());
  }

  @Test
  void ofAShardManifest() throws IOException {
    Files.createDirectory(folder.resolve("data"));
    TinyShards.write(folder.resolve("data"), List.of(30, 12), 9);
    Files.deleteIfExists(folder.resolve("data/manifest.sha256"));

    tryAll(
        folder.resolve("data/manifest.json"),
        2,
        () -> ManifestFile.read(hadoopPath(folder.resolve("data")), hadoop));
  }

  @Test
  void ofACheckpointsManifest() throws IOException {
    Path checkpoint = Files.createDirectories(run.resolve("checkpoints/000004"));
    Files.write(checkpoint.resolve("model.zip"), new byte[100]);
    Files.writeString(
        checkpoint.resolve(CheckpointManifest.FILE),
        """
        {"format_version":1,"stoker_version":"0.1.0","model":"lenet5",
         "clock":{"round":4,"epoch":1,"step_of_epoch":3,"step":40,"examples":2560},
         "seed":1,"config_sha256":"%1$s","data_manifest_sha256":"%1$s",
         "file":{"name":"model.zip","bytes":101,"sha256":"%1$s","parameters":10,
          "parameters_offset":5,"updater_state_offset":0,"outer_momentum_offset":0},
         "parameters_sha256":"%1$s"}
        """
            .formatted("0".repeat(64)));
    byte[] valid = Files.readAllBytes(checkpoint.resolve(CheckpointManifest.FILE));

    for (Mutation mutation : JsonMutations.of(valid, 3, FILES)) {
      Files.write(checkpoint.resolve(CheckpointManifest.FILE), mutation.content());
      // Even a valid manifest is of another model file than that.
      assertThatCode(() -> ModelFiles.open(checkpoint.toString(), hadoop))
          .as(mutation.name())
          .isInstanceOf(DamagedException.class);
      assertThatCode(() -> ModelFiles.open(run.toString(), hadoop))
          .as(mutation.name())
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("no valid checkpoint");
    }
  }

  @Test
  void ofAValidation() throws IOException {
    tryAll(
        run.resolve("validations/000002.json"),
        4,
        () -> {
          List<String> damage = runFolder().validations().content().damage();
          if (!damage.isEmpty()) {
            throw new DamagedException(damage.get(0));
          }
        });
  }

  @Test
  void ofARunsLock() throws IOException {
    try (RunLock lock = runFolder().lock()) {
      byte[] valid = Files.readAllBytes(run.resolve("lock.json"));
      assertThat(runFolder().lockState()).isEqualTo(RunLock.State.ALIVE);
      for (Mutation mutation : JsonMutations.of(valid, 5, FILES)) {
        Files.write(run.resolve("lock.json"), mutation.content());
        assertThatCode(() -> runFolder().lockState())
            .as(mutation.name())
            .doesNotThrowAnyException();
      }
      Files.write(run.resolve("lock.json"), valid);
      lock.requireOurs();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3})
  void ofALineOfMetrics(int line) throws IOException {
    Path file = run.resolve("metrics.jsonl");
    List<String> lines = Files.readAllLines(file);
    int damaged = 0;
    for (Mutation mutation :
        JsonMutations.of(lines.get(line).getBytes(StandardCharsets.UTF_8), 6 + line, FILES)) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      for (int i = 0; i < lines.size(); i++) {
        content.writeBytes(
            i == line ? mutation.content() : lines.get(i).getBytes(StandardCharsets.UTF_8));
        content.write('\n');
      }
      Files.write(file, content.toByteArray());
      try {
        EpochLosses.of(MetricsLog.read(hadoopPath(run), hadoop)).before(3);
      } catch (DamagedException e) {
        damaged++;
        assertThat(e).hasMessageContaining("metrics.jsonl: line ");
      } catch (RuntimeException e) {
        throw new AssertionError(mutation.name(), e);
      }
      assertThatCode(() -> resume(2))
          .as(mutation.name())
          .satisfiesAnyOf(
              e -> assertThat(e).isNull(), e -> assertThat(e).isInstanceOf(DamagedException.class));
    }
    assertThat(damaged).isGreaterThan(FILES / 2);
  }

  private void resume(int round) {
    MetricsLog.open(hadoopPath(run), round, hadoop, () -> {}).close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"run.json", "metrics.jsonl", "validations/000002.json", "lock.json"})
  void doNotHideOtherRuns(String name) throws IOException {
    Path file = run.resolve(name);
    if (!Files.exists(file)) {
      Files.writeString(
          file,
          "{\"id\":\"x\",\"process\":{\"host\":\"h\",\"machine\":\"m\",\"pid\":1,\"started\":2},\"beat\":3}");
    }
    byte[] valid = Files.readAllBytes(file);
    LiveRuns live = new LiveRuns(List.of(folder.toString()), hadoop);
    for (Mutation mutation : JsonMutations.of(valid, 7, 40)) {
      Files.write(file, mutation.content());

      List<RunSummary> runs = RunSummary.in(folder.toString(), hadoop, Instant.now());
      assertThat(runs).extracting(each -> each.folder().getName()).containsExactly("bad", "good");
      assertThat(runs.get(1).damage()).isEmpty();
      ObjectNode view = live.look();
      assertThat(view.get("runs").findValuesAsText("rounds")).as(mutation.name()).endsWith("3");
      JsonNode bad = view.at("/runs/0");
      assertThat(bad.get("state").asText().equals("damaged"))
          .as(mutation.name())
          .isEqualTo(!bad.get("damage").asText().isEmpty());
      assertThat(Page.of(view)).isNotEmpty();
    }
  }

  /** Sparse: the file takes no space on the disk. */
  @ParameterizedTest
  @ValueSource(strings = {"run.json", "metrics.jsonl", "validations/000002.json", "lock.json"})
  void areNotReadIntoMemoryWhereTheyAreHuge(String name) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(run.resolve(name).toFile(), "rw")) {
      file.setLength(3L << 30);
    }

    RunSummary summary = RunSummary.of(hadoopPath(run), hadoop, Instant.now());

    if (!name.equals("lock.json")) {
      assertThat(summary.state()).isEqualTo(RunState.DAMAGED);
      assertThat(summary.damage()).contains(name);
    }
    if (name.equals("metrics.jsonl")) {
      assertThatCode(() -> resume(4)).isInstanceOf(DamagedException.class);
      assertThatCode(() -> MetricsLog.read(hadoopPath(run), hadoop))
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("line 5: it is longer than");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"run.json", "metrics.jsonl", "validations/000002.json", "lock.json"})
  void mayBeFoldersToo(String name) throws IOException {
    Files.deleteIfExists(run.resolve(name));
    Files.createDirectory(run.resolve(name));

    assertThatCode(() -> RunSummary.of(hadoopPath(run), hadoop, Instant.now()))
        .doesNotThrowAnyException();
    assertThat(new LiveRuns(List.of(folder.toString()), hadoop).look().get("runs")).hasSize(2);
  }

  /** A line that is lost in the middle must not go unnoticed; one that was cut is done again. */
  @Test
  void ofAMetricsLogThatIsResumed() throws IOException {
    Path file = run.resolve("metrics.jsonl");
    List<String> lines = Files.readAllLines(file);
    Files.writeString(file, String.join("\n", lines.get(0), "null", lines.get(2)) + "\n");

    assertThatCode(() -> resume(3))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("metrics.jsonl: line 2");

    Files.writeString(file, String.join("\n", lines.get(0), lines.get(1), "null") + "\n");
    resume(3);
    assertThat(MetricsLog.read(hadoopPath(run), hadoop)).hasSize(2);
  }

  private RunFolder runFolder() {
    return RunFolder.at(hadoopPath(run), hadoop);
  }

  private static org.apache.hadoop.fs.Path hadoopPath(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }
}
