// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Where Spark listens, and training over connections that are authenticated and encrypted. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PortsIT {
  private static final String TRAIN =
      "train --data data --model lenet5 --batch 10 --local-steps 3 --learning-rate 0.05 --workers"
          + " 2";

  /** The options of a job on the cluster, whose secret is to be filled in. */
  private static final String SECURE =
      "--master %s --conf spark.authenticate=true --conf spark.authenticate.secret=%s --conf"
          + " spark.network.crypto.enabled=true --conf spark.io.encryption.enabled=true ";

  private static final String SECRET = "of-the-test";

  @TempDir private static Path folder;
  private static Stoker stoker;
  private static LocalCluster cluster;
  private static String master;

  /** A job with another secret. It begins with the other tests because Spark tries for a minute. */
  private static Started stranger;

  @BeforeAll
  static void prepare() throws IOException {
    stoker = Stoker.in(folder);
    Shapes.write(folder.resolve("raw"), 60);
    stoker.json("--master local[2] prepare --input raw --output data --channels 1");
    cluster =
        LocalCluster.in(folder.resolve("cluster"))
            .with(
                "SPARK_DAEMON_JAVA_OPTS",
                "-Dspark.authenticate=true -Dspark.authenticate.secret=" + SECRET);
    master = cluster.start("--executors", "2", "--cores", "1", "--memory", "1g");
    stranger =
        stoker.start(
            (SECURE.formatted(master, "a-guess") + TRAIN + " --epochs 4 --run x").split(" "));
  }

  @AfterAll
  static void stop() {
    if (stranger != null) {
      stranger.process().destroyForcibly().onExit().join();
    }
    if (cluster != null) {
      cluster.stop();
    }
  }

  /** With the pages of Spark's user interface, which have a port in addition to all other ports. */
  @Test
  void aLocalMasterListensOnTheLoopbackInterfaceOnly() throws IOException {
    Started training =
        stoker.start(
            ("--conf spark.ui.enabled=true " + TRAIN + " --run pages --epochs 100000 --json")
                .split(" "));

    assertListensOnLoopbackOnly(training);
  }

  @Test
  @Tag("one-line")
  void soDoesAJobThatSparkSubmitStarts() throws IOException {
    Path distribution = Stoker.distribution();
    List<String> command =
        new ArrayList<>(
            List.of(
                "--master",
                "local[2]",
                "--class",
                "io.stoker.driver.cli.Main",
                distribution.resolve("stoker.jar").toString()));
    command.addAll(List.of((TRAIN + " --run submitted --epochs 100000").split(" ")));
    Started training =
        new Stoker(distribution.resolve("bin/spark-submit"), folder)
            .start(command.toArray(String[]::new));

    assertListensOnLoopbackOnly(training);
  }

  private static void assertListensOnLoopbackOnly(Started training) throws IOException {
    try {
      Stoker.awaitLine(training.err(), "round 1/");
      List<String> addresses = listening(training.process().toHandle());
      assertThat(addresses)
          .isNotEmpty()
          .allMatch(
              address ->
                  address.equals("0100007F") // 127.0.0.1
                      || address.equals("0000000000000000FFFF00000100007F")); // the same, mapped
    } finally {
      training.process().destroyForcibly();
      training.process().onExit().join();
    }
  }

  /** The addresses that a process listens on, as Linux shows them: in hexadecimal. */
  private static List<String> listening(ProcessHandle process) throws IOException {
    Path of = Path.of("/proc", Long.toString(process.pid()));
    Set<String> sockets;
    try (Stream<Path> descriptors = Files.list(of.resolve("fd"))) {
      sockets =
          descriptors
              .map(PortsIT::target)
              .filter(target -> target.startsWith("socket:["))
              .map(target -> target.replaceAll("\\D", ""))
              .collect(Collectors.toSet());
    }
    List<String> addresses = new ArrayList<>();
    for (String table : new String[] {"tcp", "tcp6"}) {
      for (String line : Files.readAllLines(of.resolve("net").resolve(table))) {
        String[] fields = line.strip().split("\\s+", -1);
        if (fields[3].equals("0A") && sockets.contains(fields[9])) {
          addresses.add(fields[1].substring(0, fields[1].indexOf(':')));
        }
      }
    }
    return addresses;
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) { // It was closed in the meantime.
      return "";
    }
  }

  /**
   * In many slices, so that workers send each other pieces and averages. A model of one slice has
   * pieces alone.
   */
  @Test
  @Exact
  void trainsTheSameOverAuthenticatedAndEncryptedConnections() throws IOException {
    String usual = stoker.hash("--master local[2] " + TRAIN + " --epochs 4 --run usual");
    Files.writeString(folder.resolve("sliced.yaml"), "slice-bytes: 65536\n");
    String sliced = TRAIN + " --epochs 4 --run secure --recipe sliced.yaml";

    assertThat(stoker.hash(SECURE.formatted(master, SECRET) + sliced)).isEqualTo(usual);
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void aJobWithAnotherSecretIsRefused() {
    Outcome refused = Stoker.finish(stranger);

    assertThat(refused.exitCode()).as(refused.err()).isEqualTo(4);
    assertThat(refused.err()).contains("it refused the application, or");
  }
}
