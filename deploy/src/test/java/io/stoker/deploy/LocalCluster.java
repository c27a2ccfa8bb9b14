package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import java.nio.file.Path;

/** The script that runs a cluster on this machine. */
final class LocalCluster {
  private final Stoker script;

  private LocalCluster(Stoker script) {
    this.script = script;
  }

  /** A cluster that keeps its logs and process numbers in a folder. */
  static LocalCluster in(Path state) {
    return new LocalCluster(
        new Stoker(Stoker.checkout().resolve("deploy/bin/local-cluster"), state.getParent())
            .with("STOKER_CLUSTER_DIR", state.toString()));
  }

  /** Starts it, and gives the master's URL. */
  String start() {
    Outcome outcome = script.run("start", "--executors", "2", "--cores", "1", "--memory", "1g");
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

  void stop() {
    assertThat(script.run("stop").exitCode()).isZero();
  }
}
