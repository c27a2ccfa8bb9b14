// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests share in which processes of a real cluster are killed at exact moments of a job: its
 * parameters are those of a run that nothing disturbed, to the last bit. {@link FaultPlugin} kills.
 */
abstract class ClusterFaults {
  /**
   * Spark puts this at the end of the class path. Java would not start from the archive of classes
   * if the class path began with something else than the archive's.
   */
  private static final String CLASS_PATH = "SPARK_DIST_CLASSPATH";

  private static final String CLASSES = Stoker.testClasses().toString();

  @TempDir static Path folder;
  static Stoker stoker;
  static LocalCluster cluster;
  static String master;

  /** The name of the run, which is that of the test. */
  String run;

  /** What {@link FaultPlugin} writes. */
  Path log;

  /** The command that is run, without the options of the cluster and the run. */
  String job;

  @BeforeAll
  static void startCluster() throws IOException {
    stoker = Stoker.in(folder).with(CLASS_PATH, CLASSES);
    succeed("--master local[2] synth --output data --count 750 --size 28");
    cluster =
        LocalCluster.in(folder.resolve("cluster"))
            .with(CLASS_PATH, CLASSES)
            .with("SPARK_DAEMON_JAVA_OPTS", "-Dspark.decommission.enabled=true");
    master = cluster.start("--executors", "1", "--cores", "1", "--memory", "1g");
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.stop();
    }
  }

  @BeforeEach
  void nameRun(TestInfo test) {
    run = test.getTestMethod().orElseThrow().getName();
    log = folder.resolve(run + ".log");
    cluster.haveWorkers(2);
  }

  /** Runs the job while faults happen. */
  Outcome train(String faults, String... configuration) {
    return Stoker.finish(start(faults, configuration));
  }

  /** Starts the job in a run folder of the test's name, while faults happen. */
  Started start(String faults, String... configuration) {
    return startCommand(job + " --run " + run, faults, configuration);
  }

  /** Starts a command to which faults happen. */
  Started startCommand(String words, String faults, String... configuration) {
    List<String> command = new ArrayList<>(List.of("--master", master));
    Stream.concat(
            Stream.of(configuration),
            Stream.of(
                "spark.executor.extraJavaOptions=" + Stoker.QUICK_JAVA,
                "spark.plugins=" + FaultPlugin.class.getName(),
                FaultPlugin.FAULTS + "=" + faults,
                FaultPlugin.LOG + "=" + log))
        .forEach(setting -> command.addAll(List.of("--conf", setting)));
    command.addAll(List.of((words + " --json").split(" ")));
    return stoker.start(command.toArray(String[]::new));
  }

  /** Goes on with the run. */
  Outcome resume() {
    return stoker.run(
        ("--master " + master + " train --run " + run + " --resume --json").split(" "));
  }

  /** Goes on with the run while faults happen. */
  Outcome resume(String faults) {
    return Stoker.finish(startCommand("train --run " + run + " --resume", faults));
  }

  /** Makes sure that a run ended with the parameters of this hash. */
  static void assertParameters(Outcome outcome, String expected) {
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("parameters_sha256").asText()).isEqualTo(expected);
    // What Spark logs of a lost executor or task takes a line, in a job that goes on.
    assertThat(outcome.err().lines()).noneMatch(line -> line.startsWith("\tat "));
  }

  /** What {@link FaultPlugin} noted, of one kind. */
  List<String> happened(String prefix) throws IOException {
    return Files.readAllLines(log).stream().filter(line -> line.startsWith(prefix)).toList();
  }

  /** The executors on which tasks of a stage ran. */
  List<String> executorsOf(String stage) throws IOException {
    return executors(happened(""), stage);
  }

  /** The same of some lines of the log. */
  static List<String> executors(List<String> lines, String stage) {
    return lines.stream()
        .filter(line -> line.startsWith(stage))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .distinct()
        .toList();
  }

  /** The complete ones of the run. */
  List<String> checkpoints() throws IOException {
    try (Stream<Path> folders = Files.list(folder.resolve(run).resolve("checkpoints"))) {
      return folders
          .filter(checkpoint -> Files.exists(checkpoint.resolve("manifest.json")))
          .map(checkpoint -> checkpoint.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /** The result of a command. */
  static JsonNode succeed(String command) {
    return stoker.json(command);
  }
}
