// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.data.FullDisk;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.StorageDefaults;
import io.stoker.driver.FaultyEndpoint.Fault;
import io.stoker.driver.cli.Commands.Outcome;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Storages in trouble: S3 that fails, a disk that is full, files that a killed driver had open. */
@Tag("slow")
class StorageFaultsTest extends OnStorages {
  /** HDFS keeps a file that a dead client had open from other clients, for a minute or an hour. */
  @Test
  @Exact
  void resumesWhereAKilledDriverHasItsFilesOpenOnHdfs() throws IOException {
    commands.json(train("hdfs", "open", 1));
    org.apache.hadoop.fs.Path run = new org.apache.hadoop.fs.Path(roots.get("hdfs"), "open");
    Configuration hadoop = new Configuration();
    StorageDefaults.apply(hadoop);
    FileSystem killed = FileSystem.newInstance(hdfs.getURI(), hadoop);
    FSDataOutputStream metrics = killed.append(new org.apache.hadoop.fs.Path(run, "metrics.jsonl"));
    metrics.write("{\"round\":5,\"epo".getBytes(StandardCharsets.UTF_8));
    metrics.hflush();
    FSDataOutputStream model =
        killed.create(new org.apache.hadoop.fs.Path(run, "checkpoints/000006/model.zip"));
    model.write(1);
    model.hflush();

    JsonNode resumed = commands.json(train("hdfs", "open") + " --resume");

    assertThat(resumed.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    assertThat(MetricsLog.read(run, hadoop)).hasSize(DONE_ROUNDS);
  }

  /** Nothing is in its metrics yet, so that there is nothing to drop from them either. */
  @Test
  @Exact
  void beginsAgainAtOnceWhereADriverWasKilledInItsFirstRoundOnHdfs() throws IOException {
    commands.json(train("hdfs", "first", 1));
    org.apache.hadoop.fs.Path run = new org.apache.hadoop.fs.Path(roots.get("hdfs"), "first");
    Configuration hadoop = new Configuration();
    StorageDefaults.apply(hadoop);
    FileSystem killed = FileSystem.newInstance(hdfs.getURI(), hadoop);
    killed.delete(new org.apache.hadoop.fs.Path(run, "checkpoints"), true);
    killed.create(new org.apache.hadoop.fs.Path(run, "metrics.jsonl"), true).hflush();

    JsonNode resumed = commands.json(train("hdfs", "first") + " --resume");

    assertThat(resumed.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    assertThat(MetricsLog.read(run, hadoop)).hasSize(DONE_ROUNDS);
  }

  /** Its next driver then waits for a sign of life, and takes it over. */
  @Test
  void aLockThatAKilledDriverWasWritingOnHdfsIsALock() throws IOException {
    org.apache.hadoop.fs.Path lock = new org.apache.hadoop.fs.Path(roots.get("hdfs"), "half.json");
    Configuration hadoop = new Configuration();
    FileSystem killed = FileSystem.newInstance(hdfs.getURI(), hadoop);
    killed.create(lock, false).hflush();

    assertThat(Storage.createNew(lock, new byte[] {1}, hadoop)).isFalse();
    Storage.replace(lock, new byte[] {1}, hadoop);

    assertThat(killed.getFileStatus(lock).getLen()).isOne();
  }

  /** As on a full disk, an empty file has room there. */
  @Test
  void aRunWithoutRoomOnHdfsIsRefusedBeforeImagesArePrepared() throws IOException {
    org.apache.hadoop.fs.Path full = new org.apache.hadoop.fs.Path(roots.get("hdfs"), "full");
    hdfs.getFileSystem().mkdirs(full);
    hdfs.getFileSystem().setQuota(full, HdfsConstants.QUOTA_DONT_SET, 1);

    Outcome outcome =
        commands.run(
            "train --model perceptron --run %s/run --input %s --data %s/prepared"
                .formatted(full, folder.resolve("images"), folder));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement(STRING)
        .startsWith("stoker: Cannot write --run ")
        .contains("quota of /jobs/full is exceeded");
    assertThat(folder.resolve("prepared")).doesNotExist();
    assertThat(hdfs.getFileSystem().listStatus(full)).isEmpty();
  }

  /** The folders of the output have room; its first shard has none. */
  @Test
  void dataWithoutRoomOnHdfsIsRefusedInOneLine() throws IOException {
    org.apache.hadoop.fs.Path full = new org.apache.hadoop.fs.Path(roots.get("hdfs"), "small");
    hdfs.getFileSystem().mkdirs(full);
    hdfs.getFileSystem().setQuota(full, 3, HdfsConstants.QUOTA_DONT_SET);

    Outcome outcome =
        commands.run(
            "prepare --input %s --output %s/data".formatted(folder.resolve("images"), full));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement(STRING)
        .startsWith("stoker: Cannot prepare hdfs://")
        .contains("/jobs/small/data: The NameSpace quota ", "of directory /jobs/small is exceeded")
        .endsWith("(delete files there, or have the quota raised)");
  }

  @Test
  void aSmallFileWithoutRoomOnHdfsLeavesNothing() throws IOException {
    org.apache.hadoop.fs.Path full = new org.apache.hadoop.fs.Path(roots.get("hdfs"), "tiny");
    hdfs.getFileSystem().mkdirs(full);
    hdfs.getFileSystem().setQuota(full, HdfsConstants.QUOTA_DONT_SET, 1);
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(full, "lock.json");

    assertThatThrownBy(() -> Storage.replace(file, new byte[] {1}, new Configuration()))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Storage.createNew(file, new byte[] {1}, new Configuration()))
        .isInstanceOf(IOException.class);

    assertThat(hdfs.getFileSystem().listStatus(full)).isEmpty();
  }

  /** The default filesystem may not be the one that the user had in mind. */
  @Test
  void namesTheLocalFileWhereThePathIsOneOfHdfs() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.defaultFS", hdfs.getURI().toString());
    String local = folder.resolve("images").toString();

    assertThat(Storage.missing("input", new org.apache.hadoop.fs.Path(local), hadoop))
        .contains("there is no " + local + " on hdfs://")
        .endsWith("(on the local disk of this machine there is one: file://" + local + ")");
  }

  @Test
  @Exact
  void getsOverRequestsThatFailNowAndThen() {
    Fault[] faults = {Fault.INTERNAL_ERROR, Fault.CUT, Fault.SLOW_DOWN, Fault.DROPPED, Fault.SLOW};
    // Each kind twice: the client waits longer with each failure.
    endpoint.inject(
        (request, what) ->
            request % 12 == 0 && request <= 12 * 2 * faults.length
                ? faults[request / 12 % faults.length]
                : Fault.NONE);

    JsonNode result = commands.json(train("s3a", "shaken"));

    assertThat(endpoint.faults()).isGreaterThan(5);
    assertThat(result.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    heal();
    assertLastCheckpointIsWhole("shaken");
  }

  @Test
  @Exact
  void waitsForAnEndpointThatDiesAndReturns() {
    int[] refused = {0};
    endpoint.inject(
        (request, what) -> {
          boolean begun = refused[0] > 0 || what.endsWith("000004/model.zip");
          return begun && refused[0]++ < 12 ? Fault.DROPPED : Fault.NONE;
        });

    JsonNode result = commands.json(train("s3a", "away"));

    assertThat(endpoint.faults()).isEqualTo(12);
    assertThat(result.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
  }

  @Test
  @Exact
  void endsWithItsLastCheckpointWhenTheEndpointDies() {
    assertEndsWithItsLastCheckpoint("000004/model.zip");
  }

  @Test
  @Exact
  @Tag("one-line")
  void endsWithItsLastCheckpointWhenTheEndpointDiesBeforeTheManifestIsThere() {
    assertEndsWithItsLastCheckpoint("000004/manifest.json");
  }

  /** Where the endpoint dies as that file of a checkpoint is written. */
  private void assertEndsWithItsLastCheckpoint(String at) {
    String run = "dead-" + at.replaceAll("\\W", "-");
    boolean[] dead = {false};
    endpoint.inject(
        (request, what) -> {
          dead[0] |= what.startsWith("PUT") && what.endsWith(at);
          return dead[0] ? Fault.DROPPED : Fault.NONE;
        });

    Outcome outcome = commands.run(train("s3a", run));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: "))).hasSize(1);
    heal();
    assertThat(s3.read("jobs/" + run + "/checkpoints/000004/manifest.json").statusCode())
        .isEqualTo(404);
    assertLastCheckpointIsWhole(run);
    JsonNode resumed = commands.json(train("s3a", run) + " --resume");
    assertThat(resumed.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    assertThat(s3.read("jobs/" + run + "/metrics.jsonl").body().lines()).hasSize(DONE_ROUNDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"000004/model.zip", "000004/.manifest.json.new", "metrics.jsonl"})
  @Exact
  @Tag("one-line")
  void endsWithItsLastCheckpointWhenTheDiskIsFull(String at) {
    String root = roots.get("local");
    String run = "full-" + at.replaceAll("\\W", "-");
    String command = train("local", run).replace("--run ", "--run full:");
    FullDisk.refuse(at);
    Outcome outcome = commands.run(command);
    FullDisk.free();

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement()
        .asString()
        .contains("No space left on device", "the same command with --resume");
    assertThat(folder.resolve("local").resolve(run).resolve("checkpoints/000004/manifest.json"))
        .doesNotExist();
    assertThat(
            folder.resolve("local").resolve(run).resolve("checkpoints/000004/.manifest.json.new"))
        .doesNotExist();
    JsonNode resumed =
        commands.json(
            "train --run %s/%s --resume".formatted(root, run).replace(root, "full:" + root));
    assertThat(resumed.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    assertThat(resumed.get("rounds").asInt()).isEqualTo(DONE_ROUNDS);
  }

  private static void assertLastCheckpointIsWhole(String run) {
    String root = roots.get("s3a");
    commands.json("evaluate --checkpoint %s/%s --data %s/data".formatted(root, run, root));
  }
}
