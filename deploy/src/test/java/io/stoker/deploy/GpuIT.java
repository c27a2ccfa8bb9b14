// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two executor processes with two made-up GPUs each, which Spark schedules as it does real ones.
 */
class GpuIT {
  private static final String FAKE =
      """
      #!/bin/sh
      echo '{"name": "gpu", "addresses": ["0", "1", "2", "3"]}'
      """;

  private static final String SMI =
      """
      #!/bin/sh
      echo '0, GPU-aa, NVIDIA A100-SXM4-40GB, 8.0'
      echo '1, GPU-bb, NVIDIA H100 PCIe, 9.0'
      echo '2, GPU-cc, NVIDIA A100-SXM4-40GB, 8.0'
      echo '3, GPU-dd, NVIDIA A100-SXM4-40GB, 8.0'
      """;

  @TempDir private static Path folder;
  private static LocalCluster cluster;
  private static String master;

  @BeforeAll
  static void start() throws IOException {
    Path discovery = script("discovery", FAKE);
    cluster =
        LocalCluster.in(folder.resolve("state")).with("STOKER_GPU_DISCOVERY", discovery.toString());
    master = cluster.start("--executors", "2", "--cores", "2", "--gpus-per-worker", "2");
    RecordingEngine.writeJar(folder.resolve("recording.jar"));
    Shapes.write(folder.resolve("raw"), 40);
    run("prepare --input raw --output data --channels 1").json();
  }

  @AfterAll
  static void stop() {
    cluster.stop();
  }

  private static Path script(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private static Outcome run(String command) {
    return Stoker.in(folder).run((command + " --json").split(" "));
  }

  private static Outcome onGpus(String options, String command) {
    List<String> words = new ArrayList<>();
    words.add("--master " + master);
    words.add("--executor-memory 1g --jars recording.jar");
    words.add("--conf spark.executor.resource.gpu.amount=2");
    words.add(options);
    words.add(command);
    return run(words.stream().filter(word -> !word.isEmpty()).collect(Collectors.joining(" ")));
  }

  private static String train(String run) {
    return "train --data data --run %s --model perceptron --workers 4 --batch 8 --epochs 1"
        .formatted(run);
  }

  @Test
  @Exact
  void bindsEachTaskToTheCardThatSparkGaveIt() throws IOException {
    Path bound = Files.createDirectory(folder.resolve("bound"));
    Outcome outcome =
        onGpus(
            "--conf spark.executorEnv.%s=%s".formatted(RecordingEngine.FOLDER, bound),
            train("gpu") + " --device gpu");

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    Map<String, TreeSet<String>> cardsByExecutor;
    try (Stream<Path> files = Files.list(bound)) {
      cardsByExecutor =
          files
              .map(file -> file.getFileName().toString().split("-"))
              .collect(
                  Collectors.groupingBy(
                      parts -> parts[0],
                      Collectors.mapping(
                          parts -> parts[1], Collectors.toCollection(TreeSet::new))));
    }
    assertThat(cardsByExecutor).hasSize(2);
    assertThat(cardsByExecutor.values())
        .extracting(gpus -> String.join(" ", gpus))
        .containsExactlyInAnyOrder("0 1", "2 3");
    JsonNode processor = run(train("cpu")).json();
    assertThat(outcome.json().get("parameters_sha256"))
        .isEqualTo(processor.get("parameters_sha256"));
  }

  @Test
  void tellsWhichSlotHasWhichCard() {
    JsonNode found = onGpus("", "doctor --device gpu").json();

    assertThat(found.get("slots").asInt()).isEqualTo(4);
    assertThat(found.get("engines").findValuesAsText("name")).contains("recording", "onednn");
    assertThat(found.at("/executor_list").findValues("engines"))
        .allMatch(engines -> engines.findValuesAsText("name").contains("recording"));
    assertThat(found.at("/executor_list").findValues("gpus"))
        .extracting(JsonNode::toString)
        .allMatch(gpus -> gpus.matches("\\[\"[0-3]\",\"[0-3]\"]"))
        .doesNotHaveDuplicates();
    assertThat(found.get("verdicts").toString()).contains("{\"subject\":\"gpus\",\"level\":\"OK\"");
  }

  @Test
  void refusesCardsThatTwoTasksWouldShare() {
    assertRefused(
        onGpus("--conf spark.task.resource.gpu.amount=0.5", train("shared") + " --device gpu"),
        "two tasks would share a device");
  }

  @Test
  void refusesACardWithoutCodeAndNamesIt() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    script("bin/nvidia-smi", SMI);

    assertRefused(
        onGpus(
            "--conf spark.executorEnv.PATH=%s:/usr/bin:/bin".formatted(bin),
            train("hopper") + " --device gpu"),
        "NVIDIA H100 PCIe (compute capability 9.0)");
  }

  @Test
  void refusesCardsInABuildForProcessors() throws IOException {
    assumeThat(Files.readString(Stoker.distribution().resolve(".backend"))).contains("cpu");

    assertRefused(
        run("--master %s %s --device gpu".formatted(master, train("no-code"))),
        "ND4J's backend is the CPU");
    assertRefused(
        onGpus("", train("no-code") + " --device gpu --engine onednn"), "engine onednn is for");
  }

  private static void assertRefused(Outcome outcome, String reason) {
    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines().filter(line -> line.startsWith("stoker: ")))
        .singleElement()
        .asString()
        .contains(reason);
    assertThat(outcome.out()).isEmpty();
    for (String run : List.of("shared", "hopper", "no-code")) {
      assertThat(folder.resolve(run)).doesNotExist();
    }
  }
}
