package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

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

  /** The same with an environment variable. */
  LocalCluster with(String variable, String value) {
    return new LocalCluster(script.with(variable, value));
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

  Outcome status() {
    return script.run("status");
  }

  void stop() {
    assertThat(script.run("stop").exitCode()).isZero();
  }
}
