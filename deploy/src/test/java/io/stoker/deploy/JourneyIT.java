// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Raw images to predictions by separate processes, in a folder whose name has a space. */
class JourneyIT {
  private static final int PER_CLASS = 100;

  @TempDir private static Path root;
  private static Path folder;
  private static Stoker stoker;

  @BeforeAll
  static void prepare() throws IOException {
    folder = Files.createDirectories(root.resolve("my work"));
    stoker = Stoker.in(folder);
    Shapes.write(folder.resolve("raw"), PER_CLASS);
    JsonNode prepared = prepare("local[2]", "data");
    assertThat(prepared.get("samples").asInt()).isEqualTo(3 * PER_CLASS);
    assertThat(prepared.get("rejected").asInt()).isZero();
    succeed("train --data data --run scoring --model perceptron --epochs 2");
  }

  @Test
  @Exact
  void trainsEvaluatesAndPredictsTheSameOnAnyNumberOfSlots() throws IOException {
    JsonNode two = train("local[2]", "run-two");
    JsonNode one = train("local[1]", "run-one");
    assertThat(one.get("parameters_sha256")).isEqualTo(two.get("parameters_sha256"));

    LocalCluster cluster = LocalCluster.in(folder.resolve("cluster"));
    String master = cluster.start();
    try {
      JsonNode processes = train(master, "run-cluster");
      assertThat(processes.get("parameters_sha256")).isEqualTo(two.get("parameters_sha256"));

      prepare(master, "data-cluster");
      assertThat(files("data-cluster")).containsExactlyEntriesOf(files("data"));
      JsonNode order = order(master, "data-cluster");
      assertThat(order).isEqualTo(order("local[1]", "data")).isEqualTo(order("local[2]", "data"));
      assertThat(order.get("samples").asLong()).isGreaterThan(2 * PER_CLASS);
      refusesAnOutputThatExecutorsDoNotShare(master);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + cluster.logs(), e);
    } finally {
      cluster.stop();
    }

    JsonNode evaluated = succeed("evaluate --checkpoint run-two --data data");
    assertThat(evaluated.get("accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(evaluated.get("parameters_sha256")).isEqualTo(two.get("parameters_sha256"));

    JsonNode predicted = succeed("predict --checkpoint run-two raw/down/0.png --save seen.png");
    assertThat(predicted.at("/predictions/0/classes/0/name").asText()).isEqualTo("down");
    assertThat(folder.resolve("seen.png")).isNotEmptyFile();
  }

  /** Its path leads to another folder in each process, as a local path does on each machine. */
  private static void refusesAnOutputThatExecutorsDoNotShare(String master) {
    String output = " --output /proc/self/cwd/apart";
    for (String command :
        List.of(
            "prepare --input raw" + output,
            "predict --checkpoint scoring --input raw" + output,
            "synth --files" + output)) {
      assertRefusesApart(master, command);
    }
    assertThat(folder.resolve("apart")).doesNotExist();
    assertRefusesApart(
        master, "train --data data --model lenet5 --epochs 1 --run /proc/self/cwd/apart");
    assertThat(folder.resolve("apart")).isEmptyDirectory();
  }

  private static void assertRefusesApart(String master, String command) {
    assertFails(
        4,
        "cannot see the driver's files in file:/proc/self/cwd/apart",
        "--master " + master + " " + command);
  }

  private static JsonNode train(String master, String run) {
    return succeed(
        "--master %s train --data data --run %s --model lenet5".formatted(master, run)
            + " --batch 10 --local-steps 3 --epochs 6 --learning-rate 0.05");
  }

  private static JsonNode prepare(String master, String output) {
    return succeed(
        "--master %s prepare --input raw --output %s --channels 1".formatted(master, output));
  }

  /** What the workers of a job are given in an epoch. */
  private static JsonNode order(String master, String data) {
    return succeed(
            "--master %s inspect --data %s --order 1 --workers 3 --batch 10 --augment shift"
                .formatted(master, data))
        .get("order");
  }

  private static Map<String, String> files(String data) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder.resolve(data))) {
      for (Path file : files.toList()) {
        contents.put(
            file.getFileName().toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  /** How a person stops a command. */
  private enum Interrupt {
    CONTROL_C("INT", 130),
    KILL("TERM", 143);

    private static final int SIGINT = 2;

    private final String signal;
    private final int exitCode;

    Interrupt(String signal, int exitCode) {
      this.signal = signal;
      this.exitCode = exitCode;
    }

    /**
     * What a shell starts in the background ignores Control-C, and so do all processes below it.
     */
    static Interrupt heededHere() throws IOException {
      long ignored =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("SigIgn:"))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .findFirst()
              .orElse(0);
      return ((ignored >> (SIGINT - 1)) & 1) == 0 ? CONTROL_C : KILL;
    }
  }

  @Test
  void keepsTheLastCheckpointWhenInterrupted() throws IOException {
    Interrupt interrupt = Interrupt.heededHere();
    Started training =
        stoker.start(
            words(
                "train --data data --run stopped --model lenet5 --batch 10 --local-steps 1"
                    + " --epochs 1000 --checkpoint-every 5"));
    try {
      Stoker.awaitLine(training.err(), "checkpoint 000010");
      Programs.signal(interrupt.signal, training.process().pid());
    } catch (Throwable failure) {
      training.process().destroyForcibly();
      throw failure;
    }

    Outcome outcome = Stoker.finish(training);
    assertThat(outcome.exitCode()).isEqualTo(interrupt.exitCode);
    assertThat(outcome.err()).doesNotContain("Exception").contains("--resume");
    succeed("evaluate --checkpoint stopped --data data");
  }

  /** For longer than Spark waits for signs of an executor's life: here 4 s, by default 120. */
  @Test
  @Tag("one-line")
  void goesOnAfterItWasSuspended() throws IOException, InterruptedException {
    Started training =
        stoker.start(
            words(
                "--conf spark.executor.heartbeatInterval=1s --conf spark.network.timeout=4s"
                    + " --conf spark.network.timeoutInterval=1s"
                    + " train --data data --run suspended --model lenet5 --batch 10"
                    + " --local-steps 1 --epochs 100 --checkpoint-every 1000 --json"));
    Stoker.awaitLine(folder.resolve("suspended/metrics.jsonl"), "\"round\":10,");
    assertThat(Programs.signal("STOP", training.process().pid())).isTrue();
    TimeUnit.SECONDS.sleep(7);
    assertThat(Programs.signal("CONT", training.process().pid())).isTrue();

    Outcome outcome = Stoker.finish(training);
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.err()).doesNotContain("ERROR", "no recent heartbeats");
  }

  @Test
  void predictsInASecondProcessWhatAnImageShows() {
    // A pipe gets the classes; only a terminal gets the picture too.
    Outcome outcome = stoker.run(words("predict --checkpoint scoring raw/across/1.png"));

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.out()).startsWith("raw/across/1.png\n").contains(" %");
    assertThat(outcome.out()).matches("[\\p{Print}\\n]+");
  }

  @Test
  void aSparkProgramOfOnesOwnScoresImagesInAPipeline() throws IOException {
    JsonNode scored =
        succeed("predict --checkpoint scoring --input raw --output scored --top 2 --batch 7");
    assertThat(scored.get("images").asInt()).isEqualTo(3 * PER_CLASS);
    assertThat(scored.get("unreadable").asInt()).isZero();
    assertThat(folder.resolve("scored/_SUCCESS")).exists();
    assertFails(2, "--overwrite", "predict --checkpoint scoring --input raw --output scored");

    Outcome outcome =
        SparkProgram.submit(
            Stoker.checkout().resolve("examples/spark-ml/ScoreImages.java"),
            folder.resolve("scoring").toString(),
            folder.resolve("raw").toString(),
            folder.resolve("pipeline").toString());

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    List<String> lines = outcome.out().lines().toList();
    assertThat(lines).hasSize(3 * PER_CLASS);
    List<String> some = List.of(lines.get(0), lines.get(150), lines.get(299));
    String images =
        some.stream()
            .map(line -> line.substring(0, line.lastIndexOf(' ')))
            .map(uri -> folder.relativize(Path.of(uri.replaceFirst("^file:/+", "/"))).toString())
            .collect(Collectors.joining(" "));
    JsonNode predictions = succeed("predict --checkpoint scoring " + images).get("predictions");
    assertThat(predictions).hasSize(some.size());
    for (int i = 0; i < some.size(); i++) {
      assertThat(predictions.get(i).at("/classes/0/name").asText())
          .isEqualTo(some.get(i).substring(some.get(i).lastIndexOf(' ') + 1));
    }
  }

  @Test
  void aSparkProgramOfOnesOwnCrossValidatesAClassifierAndFindsItTrained() throws IOException {
    List<String> first = trainClassifier();
    List<String> again = trainClassifier();

    assertThat(first).hasSize(3);
    assertThat(first.get(2)).matches("accuracy (1\\.0|0\\.9).*");
    assertThat(again).isEqualTo(first);
    assertThat(folder.resolve("fits")).isDirectoryContaining("glob:**/fit-*");
  }

  private static List<String> trainClassifier() throws IOException {
    Outcome outcome =
        SparkProgram.submit(
            Stoker.checkout().resolve("examples/spark-ml/TrainClassifier.java"),
            folder.resolve("raw").toString(),
            folder.resolve("trained").toString(),
            "perceptron",
            folder.resolve("fits").toString());
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.out().lines().toList();
  }

  @Test
  void endsBadInputInOneLineWithTheContractsExitCode() throws IOException {
    assertFails(2, "nowhere", "prepare --input nowhere --output x");
    assertFails(2, "nowhere", "train --data nowhere --run x --model lenet5");
    assertFails(2, "lenet6", "train --data data --run x --model lenet6");
    assertFails(2, "raw", "evaluate --checkpoint raw --data data");
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void endsDamagedShardsWithTheContractsExitCode() throws IOException {
    Distribution.copy(folder.resolve("data"), folder.resolve("damaged"));
    flipAByte(shard(folder.resolve("damaged")));

    assertFails(3, "train-", "train --data damaged --run y --model lenet5 --epochs 1");
    assertFails(3, "train-", "predict --checkpoint scoring --input damaged --output unscored");
    assertThat(folder.resolve("unscored")).doesNotExist();
  }

  private static Path shard(Path data) throws IOException {
    try (Stream<Path> walk = Files.walk(data)) {
      return walk.filter(path -> path.getFileName().toString().startsWith("train-"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static void flipAByte(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      java.nio.ByteBuffer one = java.nio.ByteBuffer.allocate(1);
      channel.read(one, channel.size() / 2);
      one.put(0, (byte) (one.get(0) ^ 1)).flip();
      channel.write(one, channel.size() / 2);
    }
  }

  private static void assertFails(int exitCode, String named, String command) {
    Outcome outcome = stoker.run(words(command));
    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(exitCode);
    List<String> complaints =
        outcome.err().lines().filter(line -> line.startsWith("stoker: ")).toList();
    assertThat(complaints).hasSize(1);
    assertThat(complaints.get(0)).contains(named);
    assertThat(outcome.err()).doesNotContain("\tat ", " ERROR ", " WARN ");
    assertThat(outcome.out()).isEmpty();
  }

  private static String[] words(String command) {
    return command.split(" ");
  }

  private static JsonNode succeed(String command) {
    Outcome outcome = stoker.run(words(command + " --json"));
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome.json();
  }
}
