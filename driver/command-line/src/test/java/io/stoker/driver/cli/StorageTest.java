// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.data.storage.OutputFile;
import io.stoker.data.storage.SmallFile;
import io.stoker.driver.FaultyEndpoint.Fault;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.cli.Commands.Outcome;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunLock;
import io.stoker.testing.Exact;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way on a local disk, on HDFS and on S3. */
@Tag("slow")
class StorageTest extends OnStorages {
  /** Images of a class in archives and lists. */
  private static final int LISTED = 12;

  @ParameterizedTest
  @ValueSource(strings = {"local", "hdfs", "s3a"})
  @Exact
  void goesTheWholeWayOnEachStorage(String storage) throws IOException {
    JsonNode half = commands.json(train(storage, "way", 1));
    assertThat(half.get("rounds").asInt()).isEqualTo(DONE_ROUNDS / 2);

    JsonNode whole = commands.json(train(storage, "way", 2) + " --resume");
    assertThat(whole.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));

    String root = roots.get(storage);
    // Also on S3, where nothing can be appended.
    assertThat(lines(root + "/way/metrics.jsonl")).hasSize(DONE_ROUNDS);
    JsonNode evaluated =
        commands.json("evaluate --checkpoint %s/way --data %s/data".formatted(root, root));
    assertThat(evaluated.get("parameters_sha256")).isEqualTo(undisturbed.get("parameters_sha256"));
    assertThat(evaluated.get("accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(commands.json("checkpoints %s/way".formatted(root)).findValuesAsText("state"))
        .containsExactly("valid", "valid", "valid");
    commands.json("inspect --data " + root + "/data");
    assertThat(commands.json("runs %s/way".formatted(root)).findValuesAsText("rounds"))
        .containsExactly(whole.get("rounds").asText());
    commands.json("report --run %s/way --output %s/%s.html".formatted(root, folder, storage));
    commands.json("doctor --probe " + root);
  }

  private static List<String> lines(String location) throws IOException {
    byte[] bytes =
        SmallFile.read(new org.apache.hadoop.fs.Path(location), 1 << 20, SparkSetup.hadoop());
    return new String(bytes, StandardCharsets.UTF_8).lines().toList();
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

  @ParameterizedTest
  @ValueSource(strings = {"local", "hdfs", "s3a"})
  void anEarlierFileStaysWhereWritingFails(String storage) throws IOException {
    String uri = roots.get(storage) + "/model.bin";
    store(uri, new byte[] {1, 2, 3});
    Configuration hadoop = SparkSetup.hadoop();

    assertThatThrownBy(
            () ->
                OutputFile.check("--output", uri, hadoop)
                    .write(
                        out -> {
                          out.write(new byte[100_000]);
                          throw new IOException("the checkpoint is gone");
                        }))
        .hasStackTraceContaining("the checkpoint is gone");

    assertThat(SmallFile.read(new org.apache.hadoop.fs.Path(uri), 10, hadoop))
        .containsExactly(1, 2, 3);
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

  @Test
  @Exact
  @Tag("one-line")
  void aStudyOnS3HasTheWinnerOfOneOnADisk() throws IOException {
    Path space = folder.resolve("space.yaml");
    Files.writeString(
        space,
        "{model: perceptron, batch: 8, local-steps: 2, epochs: 2, learning-rate: [0.02, 0.05]}");
    JsonNode local = study("local", space);
    JsonNode remote = study("s3a", space);

    for (String key : List.of("trial", "value", "parameters_sha256", "options", "results")) {
      assertThat(remote.get(key)).as(key).isEqualTo(local.get(key));
    }
    assertThat(
            commands.json("tune --study %s/study --best".formatted(roots.get("s3a"))).get("trial"))
        .isEqualTo(local.get("trial"));
  }

  private static JsonNode study(String storage, Path space) {
    String root = roots.get(storage);
    return commands.json(
        "tune --data %s/data --study %s/study --folds 2 --trials 2 --space %s"
            .formatted(root, root, space));
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
    assertThat(outcome.out().lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("checkpoint "),
            line -> assertThat(line).contains(" valid "),
            line -> assertThat(line).startsWith("000004 ").contains(" damaged "));
    Outcome json = commands.run("checkpoints " + roots.get("local") + "/damaged --json");
    assertThat(json.exitCode()).isEqualTo(3);
    assertThat(new Outcome(0, json.out(), "").json().findValuesAsText("state"))
        .containsExactly("valid", "damaged");
    Files.delete(checkpoints.resolve("000004/manifest.json"));
    assertThat(
            commands
                .json("checkpoints " + roots.get("local") + "/damaged")
                .findValuesAsText("state"))
        .containsExactly("valid", "unfinished");
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
