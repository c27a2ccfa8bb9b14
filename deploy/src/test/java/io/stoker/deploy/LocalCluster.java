// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The script that runs a cluster on this machine. */
final class LocalCluster {
  private static final int LAST_LINES = 30;

  private final Path state;
  private final Stoker script;
  private int added;

  private LocalCluster(Path state, Stoker script) {
    this.state = state;
    this.script = script;
  }

  /** A cluster that keeps its logs and process numbers in a folder. */
  static LocalCluster in(Path state) {
    return new LocalCluster(
        state,
        new Stoker(Stoker.checkout().resolve("deploy/bin/local-cluster"), state.getParent())
            .with("STOKER_CLUSTER_DIR", state.toString()));
  }

  /** The same with an environment variable. */
  LocalCluster with(String variable, String value) {
    return new LocalCluster(state, script.with(variable, value));
  }

  /** Starts two executors of one core each, and gives the master's URL. */
  String start() {
    return start("--executors", "2", "--cores", "1", "--memory", "1g");
  }

  /** Starts it so, and gives the master's URL. */
  String start(String... options) {
    Outcome outcome = tryStart(options);
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome
        .out()
        .lines()
        .filter(line -> line.startsWith("spark://"))
        .findFirst()
        .orElseThrow();
  }

  /** Starts it, or fails to. */
  Outcome tryStart(String... options) {
    return script.run(
        Stream.concat(Stream.of("start"), Arrays.stream(options)).toArray(String[]::new));
  }

  Outcome status(String... surplus) {
    return script.run(
        Stream.concat(Stream.of("status"), Arrays.stream(surplus)).toArray(String[]::new));
  }

  Outcome tryAdd() {
    return script.run("add");
  }

  /** Kills workers, or adds some, each on a host of its own, so that there are so many. */
  void haveWorkers(int count) {
    List<ProcessHandle> workers = workers();
    for (int surplus = count; surplus < workers.size(); surplus++) {
      workers.get(surplus).destroyForcibly();
      workers.get(surplus).onExit().join();
    }
    for (int missing = workers.size(); missing < count; missing++) {
      addWorker();
    }
  }

  /** Adds a worker of one core on a host of its own. */
  void addWorker() {
    int number = 2 + added++;
    String host = "127.0." + number / 250 + "." + (1 + number % 250);
    Outcome outcome = script.run("add", "--cores", "1", "--memory", "1g", "--host", host);
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
  }

  /** The processes of its workers. */
  List<ProcessHandle> workers() {
    return status()
        .out()
        .lines()
        .filter(line -> line.matches("worker-\\d+: process .*"))
        .map(line -> line.replaceAll(".*process (\\d+),.*", "$1"))
        .map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow())
        .toList();
  }

  /** How the logs of its processes end, each under its file's name: why executors end is there. */
  String logs() {
    try (Stream<Path> files = Files.walk(state)) {
      return files
          .filter(file -> file.toString().endsWith(".log") || file.endsWith("stderr"))
          .sorted()
          .map(file -> state.relativize(file) + ":\n" + end(file))
          .collect(Collectors.joining("\n"));
    } catch (IOException | UncheckedIOException e) { // Its processes delete files meanwhile.
      return "Cannot read the cluster's logs: " + e;
    }
  }

  private static String end(Path file) {
    try {
      List<String> lines =
          Files.readAllLines(file, StandardCharsets.ISO_8859_1); // Takes any bytes.
      return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void stop() {
    assertThat(script.run("stop").exitCode()).isZero();
  }
}
