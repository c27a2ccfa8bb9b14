// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.StorageDefaults;
import io.stoker.driver.FaultyEndpoint;
import io.stoker.driver.FaultyEndpoint.Fault;
import io.stoker.driver.FullDisk;
import io.stoker.driver.S3Server;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.cli.Commands.Outcome;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.testing.Exact;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way on a local disk, on HDFS and on S3, and S3 in trouble. */
@Tag("slow")
class StorageTest {
  private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY";
  private static final int DONE_ROUNDS = 8;

  /** Images of a class in archives and lists. */
  private static final int LISTED = 12;

  @TempDir private static Path folder;

  private static MiniDFSCluster hdfs;
  private static S3Server s3;
  private static FaultyEndpoint endpoint;
  private static Commands commands;
  private static Map<String, String> roots;

  /** What a run gives that nothing disturbs. */
  private static JsonNode undisturbed;

  @BeforeAll
  static void start() throws IOException {
    Commands.writeImages(folder.resolve("images"), 60);
    s3 = S3Server.start(Files.createDirectory(folder.resolve("s3")));
    endpoint = FaultyEndpoint.before(s3.endpoint());
    HdfsConfiguration configuration = new HdfsConfiguration();
    configuration.setInt("dfs.replication", 1);
    hdfs =
        new MiniDFSCluster.Builder(configuration, folder.resolve("hdfs").toFile())
            .numDataNodes(1)
            .build();
    roots = new HashMap<>();
    roots.put("local", folder.resolve("local").toString());
    roots.put("hdfs", hdfs.getURI() + "/jobs");
    roots.put("s3a", "s3a://" + S3Server.BUCKET + "/jobs");
    // The file system of a bucket lives as long as the process, so that all tests set it up alike.
    commands =
        new Commands()
            .with("spark.hadoop.fs.full.impl", FullDisk.class.getName())
            .with("spark.hadoop.fs.s3a.endpoint", endpoint.endpoint())
            .with("spark.hadoop.fs.s3a.path.style.access", true)
            .with("spark.hadoop.fs.s3a.connection.ssl.enabled", false)
            .with("spark.hadoop.fs.s3a.access.key", "AKIAIOSFODNN7EXAMPLE")
            .with("spark.hadoop.fs.s3a.secret.key", SECRET)
            .with("spark.hadoop.fs.s3a.attempts.maximum", 1)
            .with("spark.hadoop.fs.s3a.retry.interval", "5ms")
            .with("spark.hadoop.fs.s3a.retry.throttle.interval", "5ms");
    for (String root : roots.values()) {
      commands.json(
          "prepare --input "
              + folder.resolve("images")
              + " --output "
              + root
              + "/data --channels 1");
    }
    undisturbed = commands.json(train("local", "undisturbed"));
  }

  @AfterAll
  static void stop() {
    endpoint.close();
    s3.close();
    hdfs.shutdown();
  }

  @BeforeEach
  void heal() {
    endpoint.inject((request, what) -> Fault.NONE);
  }

  private static String train(String storage, String run) {
    return train(storage, run, 2);
  }

  private static String train(String storage, String run, int epochs) {
    String root = roots.get(storage);
    return "train --data %s/data --run %s/%s --model perceptron".formatted(root, root, run)
        + " --batch 8 --local-steps 2 --checkpoint-every 2 --learning-rate 0.02"
        + " --schedule constant --epochs "
        + epochs;
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "hdfs", "s3a"})
  @Exact
  void goesTheWholeWayOnEachStorage(String storage) {
    JsonNode half = commands.json(train(storage, "way", 1));
    assertThat(half.get("rounds").asInt()).isEqualTo(DONE_ROUNDS / 2);

    JsonNode whole = commands.json(train(storage, "way", 2) + " --resume");
    assertThat(whole.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));

    String root = roots.get(storage);
    JsonNode evaluated =
        commands.json("evaluate --checkpoint %s/way --data %s/data".formatted(root, root));
    assertThat(evaluated.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    assertThat(evaluated.get("accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(commands.json("checkpoints %s/way".formatted(root)).findValuesAsText("state"))
        .containsExactly("valid", "valid", "valid");
    commands.json("inspect --data " + root + "/data");
    commands.json("doctor --probe " + root);
  }

  /** Archives of each kind, and a list of relative paths and of locations on each storage. */
  @Test
  @Exact
  @Tag("one-line")
  void preparesTheSameFromArchivesAndListsOnAllStorages() throws IOException {
    Map<String, byte[]> sources = sources();
    for (String root : roots.values()) {
      for (Map.Entry<String, byte[]> source : sources.entrySet()) {
        store(root + "/sources/" + source.getKey(), source.getValue());
      }
    }
    for (String name : List.of("folders.tar", "pairs.tar.gz", "classes.tar", "list.csv")) {
      Map<String, Map<String, String>> prepared = new HashMap<>();
      roots.forEach(
          (storage, root) -> {
            String output = root + "/from-" + name;
            JsonNode result =
                commands.json(
                    "prepare --split train=1 --channels 1 --format %s --input %s/sources/%s --output %s"
                        .formatted(
                            name.endsWith("csv")
                                ? "csv --allow-paths " + String.join(",", roots.values())
                                : "tar",
                            root,
                            name,
                            output));
            assertThat(result.get("samples").asInt()).isEqualTo(2 * LISTED);
            assertThat(result.get("classes").asInt()).isEqualTo(2);
            assertThat(result.get("rejected").asInt()).isZero();
            prepared.put(storage, files(output));
          });
      assertThat(prepared.get("hdfs")).as(name).isEqualTo(prepared.get("local"));
      assertThat(prepared.get("s3a")).as(name).isEqualTo(prepared.get("local"));
    }
  }

  private static Map<String, byte[]> sources() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    Map<String, byte[]> pairs = new TreeMap<>();
    Map<String, byte[]> classes = new TreeMap<>();
    StringBuilder list = new StringBuilder("path,label\n");
    List<String> places = new ArrayList<>(List.of("")); // Beside the list.
    roots.values().forEach(root -> places.add(root + "/sources/"));
    for (String label : List.of("above", "left")) {
      Map<String, byte[]> ofClass = new TreeMap<>();
      for (int i = 0; i < LISTED; i++) {
        String name = label + "/" + i + ".png";
        byte[] image = Files.readAllBytes(folder.resolve("images").resolve(name));
        files.put(name, image);
        ofClass.put(i + ".png", image);
        pairs.put(label + i + ".png", image);
        pairs.put(label + i + ".cls", new byte[] {(byte) (label.equals("above") ? '0' : '1')});
        list.append(places.get(i % places.size())).append(name).append(',').append(label);
        list.append('\n');
      }
      classes.put(label + ".tar", tar(ofClass));
    }
    Map<String, byte[]> sources = new TreeMap<>(files);
    sources.put("folders.tar", tar(files));
    sources.put("classes.tar", tar(classes));
    sources.put("list.csv", list.toString().getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(tar(pairs));
    }
    sources.put("pairs.tar.gz", zipped.toByteArray());
    return sources;
  }

  private static byte[] tar(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(archive)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
        entry.setSize(file.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(file.getValue());
        tar.closeArchiveEntry();
      }
    }
    return archive.toByteArray();
  }

  /** The files of a folder by name. */
  private static Map<String, String> files(String location) {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(location);
    Map<String, String> contents = new TreeMap<>();
    try {
      FileSystem fileSystem = Storage.of(path, new Configuration());
      for (FileStatus status : fileSystem.listStatus(path)) {
        try (FSDataInputStream in = fileSystem.open(status.getPath())) {
          contents.put(
              status.getPath().getName(),
              new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }

  private static void store(String location, byte[] bytes) throws IOException {
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(location);
    try (FSDataOutputStream out = Storage.of(file, SparkSetup.hadoop()).create(file, true)) {
      out.write(bytes);
    }
  }

  @Test
  void keepsALineOfMetricsForEachRoundWhereNothingCanBeAppended() {
    commands.json(train("s3a", "lines", 1));
    commands.json(train("s3a", "lines", 2) + " --resume");

    assertThat(s3.read("jobs/lines/metrics.jsonl").body().lines()).hasSize(DONE_ROUNDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "hdfs", "s3a"})
  @Exact
  void keepsTwoDriversApart(String storage) {
    String run = roots.get(storage) + "/locked";
    Configuration hadoop = new Configuration(); // Its filesystems are those of the commands before.
    try (RunLock lock = RunFolder.at(Locations.absolute(run, hadoop), hadoop).lock()) {
      Outcome second = commands.run(train(storage, "locked"));

      lock.requireOurs();
      assertThat(second.exitCode()).as(second.err()).isEqualTo(2);
      assertThat(second.err()).contains("locked is in use by process");
    }
    assertThat(commands.json(train(storage, "locked")).get("parameters_sha256"))
        .isEqualTo(undisturbed.get("parameters_sha256"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "hdfs", "s3a"})
  void oneOfManyDriversTakesOverTheLockOfADeadOne(String storage) throws Exception {
    Configuration hadoop = new Configuration(); // Its filesystems are those of the commands before.
    org.apache.hadoop.fs.Path run =
        Locations.absolute(roots.get(storage) + "/taken/" + storage, hadoop);
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(run, "lock.json");
    String released;
    try (RunLock lock = RunFolder.at(run, hadoop).lock()) {
      lock.requireOurs();
      released = files(run.toString()).get("lock.json");
    }
    store(file.toString(), released.getBytes(StandardCharsets.UTF_8));
    List<Callable<Optional<RunLock>>> drivers =
        Collections.nCopies(6, () -> RunLock.tryAcquire(run, "lock", hadoop));
    ExecutorService threads = Executors.newFixedThreadPool(drivers.size());
    List<RunLock> taken = new ArrayList<>();
    try {
      for (Future<Optional<RunLock>> each : threads.invokeAll(drivers)) {
        each.get().ifPresent(taken::add);
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(taken).hasSize(1);
    taken.get(0).requireOurs();
    taken.get(0).close();
    assertThat(RunFolder.at(run, hadoop).lockState()).isEqualTo(RunLock.State.FREE);
  }

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

  @Test
  @Tag("one-line")
  void namesDamagedCheckpoints() throws IOException {
    commands.json(train("local", "damaged", 1));
    Path checkpoints = folder.resolve("local/damaged/checkpoints");
    Files.write(checkpoints.resolve("000004/model.zip"), new byte[] {1, 2, 3});

    Outcome outcome = commands.run("checkpoints " + roots.get("local") + "/damaged");

    assertThat(outcome.exitCode()).isEqualTo(3);
    assertThat(outcome.err()).contains("1 of 2 checkpoints", "000004", "it has 3 bytes");
    Files.delete(checkpoints.resolve("000004/manifest.json"));
    assertThat(
            commands
                .json("checkpoints " + roots.get("local") + "/damaged")
                .findValuesAsText("state"))
        .containsExactly("valid", "unfinished");
  }

  @Test
  @Exact
  void getsOverRequestsThatFailNowAndThen() {
    Fault[] faults = {Fault.INTERNAL_ERROR, Fault.CUT, Fault.SLOW_DOWN, Fault.DROPPED, Fault.SLOW};
    endpoint.inject(
        (request, what) -> request % 12 == 0 ? faults[request / 12 % faults.length] : Fault.NONE);

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

  @ParameterizedTest
  @ValueSource(strings = {"000004/model.zip", "000004/manifest.json"})
  @Exact
  void endsWithItsLastCheckpointWhenTheEndpointDies(String at) {
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "prepare --input %s --output x",
        "prepare --input x --output %s",
        "inspect --data %s",
        "train --data %s --run x --model perceptron",
        "train --data x --run %s --model perceptron",
        "train --data x --run x --model perceptron --init %s",
        "evaluate --checkpoint %s --data x",
        "evaluate --checkpoint x --data %s",
        "predict --checkpoint %s x.png",
        "doctor --probe %s"
      })
  @Tag("one-line")
  void refusesAPasswordInALocation(String command) {
    List<String> forms =
        List.of("s3a://AKIA:%s@bucket/x", "s3a://AKIA:%s@my_bucket/x", "hdfs://user:%s@host/x");
    // Locations are looked at in one place; prepare does it before it starts Spark.
    for (String form : command.startsWith("prepare") ? forms : forms.subList(0, 1)) {
      String location = form.formatted(form.startsWith("hdfs") ? "hush-hush" : SECRET);
      Outcome outcome =
          commands.run(
              command
                  .formatted(location)
                  .replaceAll("--data x", "--data " + roots.get("local") + "/data")
                  .replaceAll(
                      "--checkpoint x", "--checkpoint " + roots.get("local") + "/undisturbed")
                  .replaceAll("--(run|output) x", "--$1 " + folder.resolve("none")));

      assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(2);
      assertThat(outcome.err()).contains("has a password in it");
      assertThat(outcome.out() + outcome.err()).doesNotContain(SECRET, "hush-hush", "AKIA");
    }
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void saysNoSecretAnywhere() throws IOException {
    Outcome good = commands.run(train("s3a", "quiet", 1) + " --verbose");
    assertThat(good.exitCode()).isZero();
    endpoint.inject((request, what) -> Fault.INTERNAL_ERROR);
    Outcome bad = commands.run(train("s3a", "quiet", 2) + " --resume --verbose");
    assertThat(bad.exitCode()).isEqualTo(4);

    assertThat(good.out() + good.err() + bad.out() + bad.err()).doesNotContain(SECRET);
    try (Stream<Path> objects = Files.walk(folder.resolve("s3/objects"))) {
      for (Path object : objects.filter(Files::isRegularFile).toList()) {
        assertThat(new String(Files.readAllBytes(object), StandardCharsets.ISO_8859_1))
            .doesNotContain(SECRET);
      }
    }
  }
}
