package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import java.nio.file.Path;
import java.util.List;

/** The script that runs a cluster on this machine. */
final class LocalCluster {
  private final Stoker script;
  private int added;

  private LocalCluster(Stoker script) {
    this.script = script;
  }

  /** A cluster that keeps its logs and process numbers in a folder. */
  static LocalCluster in(Path state) {
    return new LocalCluster(
        new Stoker(Stoker.checkout().resolve("deploy/bin/local-cluster"), state.getParent())
            .with("STOKER_CLUSTER_DIR", state.toString()));
  }

  /** Starts it with two executors, and gives the master's URL. */
  String start() {
    return start(2);
  }

  /** Starts it, and gives the master's URL. */
  String start(int executors) {
    Outcome outcome =
        script.run(
            "start", "--executors", Integer.toString(executors), "--cores", "1", "--memory", "1g");
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    return outcome
        .out()
        .lines()
        .filter(line -> line.startsWith("spark://"))
        .findFirst()
        .orElseThrow();
  }

  Outcome status() {
    return script.run("status");
  }

  /** Kills workers, or adds some, each on a host of its own, so that there are so many. */
  void haveWorkers(int count) {
    List<ProcessHandle> workers = workers();
    for (int surplus = count; surplus < workers.size(); surplus++) {
      workers.get(surplus).destroyForcibly();
      workers.get(surplus).onExit().join();
    }
    for (int missing = workers.size(); missing < count; missing++) {
      String host = "127.0.0." + (2 + added++);
      Outcome outcome = script.run("add", "--cores", "1", "--memory", "1g", "--host", host);
      assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    }
  }

  private List<ProcessHandle> workers() {
    return status()
        .out()
        .lines()
        .filter(line -> line.matches("worker-\\d+: process .*"))
        .map(line -> line.replaceAll(".*process (\\d+),.*", "$1"))
        .map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow())
        .toList();
  }

  void stop() {
    assertThat(script.run("stop").exitCode()).isZero();
  }
}
