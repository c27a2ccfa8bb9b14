// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.deploy.Stoker.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalClusterIT {
  @TempDir private Path folder;

  @Test
  void startsAndStopsWhatItStarted() {
    LocalCluster cluster = LocalCluster.in(folder.resolve("its state"));
    String url = cluster.start();
    List<ProcessHandle> processes;
    try {
      String status = cluster.status().out();
      assertThat(status.lines()).first().isEqualTo(url);
      processes =
          status
              .lines()
              .filter(line -> line.contains(": process "))
              .map(line -> line.replaceAll(".*process (\\d+),.*", "$1"))
              .map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow())
              .toList();
      assertThat(processes).hasSize(3).allMatch(LocalClusterIT::runs);
    } finally {
      cluster.stop();
    }
    assertThat(processes).noneMatch(LocalClusterIT::runs);
    assertThat(cluster.status().exitCode()).isEqualTo(4);
  }

  /** As with {@code STOKER_CLUSTER_DIR=$HOME}. */
  @Test
  void keepsFilesOfOtherPrograms() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    List<Path> files =
        Stream.of(
                "work/thesis.txt",
                "scratch/data",
                "master.log",
                "worker-1.pid",
                "notes.log",
                "other.pid",
                "gpus-0.json",
                "url",
                "network")
            .map(home::resolve)
            .toList();
    for (Path file : files) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, "0");
    }
    LocalCluster cluster = LocalCluster.in(home);
    cluster.stop();
    cluster.start("--executors", "1");
    Path state = home.resolve("stoker-cluster");
    Path added = Files.writeString(state.resolve("added.log"), "0");
    cluster.stop();

    assertThat(files).allSatisfy(file -> assertThat(file).content().isEqualTo("0"));
    assertThat(state.resolve("work")).doesNotExist();
    Path work = Files.createDirectory(state.resolve("work"));
    Files.writeString(work.resolve("mine"), "0");
    assertRefused(2, state + "/work holds files that are not of this cluster", cluster.tryStart());
    cluster.stop();
    assertThat(work.resolve("mine")).exists();
    assertThat(added).exists();
  }

  @Test
  void saysWhichOfItsProcessesIsGone() throws IOException {
    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    cluster.start("--executors", "1");
    try {
      kill(cluster, "worker-1");

      Outcome status = cluster.status();
      assertThat(status.exitCode()).isEqualTo(4);
      assertThat(status.out()).contains("master: process", "worker-1: gone");
      assertThat(cluster.tryStart().err()).contains("a cluster is running already");
    } finally {
      cluster.stop();
    }
  }

  @Test
  void saysThatItsMasterIsGone() {
    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    cluster.start("--executors", "1");
    try {
      kill(cluster, "master");

      assertThat(cluster.status().out()).contains("master: gone", "worker-1: process");
      assertRefused(2, "the cluster's master is gone", cluster.tryAdd());
    } finally {
      cluster.stop();
    }
    assertRefused(2, "no cluster is running", cluster.tryAdd());
  }

  private static void kill(LocalCluster cluster, String name) {
    String line =
        cluster
            .status()
            .out()
            .lines()
            .filter(each -> each.startsWith(name + ": "))
            .findFirst()
            .orElseThrow();
    ProcessHandle process =
        ProcessHandle.of(Long.parseLong(line.replaceAll(".*process (\\d+),.*", "$1")))
            .orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  /** The system gives the number of a process that has ended to another process or thread. */
  @Test
  void aProcessThatIsGoneIsNotTakenForAnotherOneOfItsNumber() throws IOException {
    Path state = folder.resolve("state");
    LocalCluster cluster = LocalCluster.in(state);
    cluster.start("--executors", "1");
    try {
      cluster.haveWorkers(0);
      Path number = state.resolve("worker-1.pid");
      String master = Files.readString(state.resolve("master.pid")).strip();
      String thread;
      try (Stream<Path> threads = Files.list(Path.of("/proc", master, "task"))) {
        thread =
            threads
                .map(each -> each.getFileName().toString())
                .filter(each -> !each.equals(master))
                .findFirst()
                .orElseThrow();
      }
      for (String again : List.of(master, thread)) {
        Files.writeString(number, again + "\n");

        assertThat(cluster.status().out()).contains("master: process", "worker-1: gone");
        assertThat(cluster.workers()).isEmpty();
      }
    } finally {
      cluster.stop();
    }
  }

  @Test
  void refusesWhatItCannotStart() throws IOException {
    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    assertRefused(2, "invalid number of executors: 0", cluster.tryStart("--executors", "0"));
    assertRefused(2, "invalid memory: 2t", cluster.tryStart("--memory", "2t"));
    assertRefused(2, "invalid number of GPUs: x", cluster.tryStart("--gpus-per-worker", "x"));
    assertRefused(2, "option --cores needs a value", cluster.tryStart("--cores"));
    assertRefused(2, "unknown option: --gpus", cluster.tryStart("--gpus", "1"));
    assertRefused(2, "status takes no options: --json", cluster.status("--json"));

    Path discovery = folder.resolve("discovery");
    Files.writeString(discovery, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"0\"]}'\n");
    assertThat(discovery.toFile().setExecutable(true)).isTrue();
    assertRefused(
        4,
        "4 GPUs are needed, and " + discovery + " lists 1: 0",
        cluster
            .with("STOKER_GPU_DISCOVERY", discovery.toString())
            .tryStart("--gpus-per-worker", "2"));
    assertThat(cluster.status().exitCode()).isEqualTo(4);
  }

  @Test
  void executorsStartFromTheArchiveOfClasses() throws IOException {
    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    String master = cluster.start("--executors", "1", "--cores", "1", "--memory", "1g");
    Path log = folder.resolve("classes.log");
    try {
      Outcome outcome =
          Stoker.in(folder)
              .run(
                  "--master",
                  master,
                  "--conf",
                  "spark.executor.extraJavaOptions=-Xlog:class+load:file=" + log,
                  "synth",
                  "--output",
                  "data",
                  "--count",
                  "20");

      assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    } finally {
      cluster.stop();
    }
    assertThat(log)
        .content()
        .containsPattern(
            " org\\.apache\\.spark\\.executor\\.Executor source: shared objects file \\(top\\)")
        .containsPattern(" io\\.stoker\\.[\\w.$]+ source: shared objects file \\(top\\)");
  }

  /** As root where there is iproute2; elsewhere the script says what is missing. */
  @Test
  void hostsOfTheirOwnReachEachOtherThroughTheirLinksOnly() throws IOException {
    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    Outcome started =
        cluster.tryStart(
            "--hosts", "2", "--bandwidth", "500mbit", "--cores", "1", "--memory", "1g");
    assumeThat(started.exitCode()).as("no hosts here: " + started.err()).isNotEqualTo(4);
    assertThat(started.exitCode()).as(started.err()).isZero();
    String master = started.out().strip();
    String address = master.replaceAll("spark://(.*):.*", "$1");
    String network = "stoker" + address.replaceAll(".*\\.(.*)\\..*", "$1");
    try {
      assertThat(started.err()).contains("set SPARK_LOCAL_IP=" + address);

      Outcome averaged =
          Stoker.in(folder)
              .with("SPARK_LOCAL_IP", address)
              .run(
                  "--master",
                  master,
                  "--executor-memory",
                  "512m",
                  "bench",
                  "averaging",
                  "--parameters",
                  "1000000",
                  "--workers",
                  "2",
                  "--rounds",
                  "2");

      assertThat(averaged.exitCode()).as(averaged.err()).isZero();
      for (int host = 1; host <= 2; host++) {
        Path sent = Path.of("/sys/class/net", network + "-" + host, "statistics/tx_bytes");
        assertThat(Long.parseLong(Files.readString(sent).strip())).isGreaterThan(2_000_000);
      }
    } finally {
      cluster.stop();
    }
    assertThat(Path.of("/sys/class/net", network)).doesNotExist();
    assertThat(Path.of("/run/netns", network + "-1")).doesNotExist();
  }

  @Test
  void refusesHostsThatItCannotMake() {
    LocalCluster cluster = LocalCluster.in(folder.resolve("state"));
    assertRefused(2, "invalid number of hosts: 201", cluster.tryStart("--hosts", "201"));
    assertRefused(
        2, "invalid bandwidth: 1gb", cluster.tryStart("--hosts", "2", "--bandwidth", "1gb"));
    assertRefused(2, "invalid latency: 1", cluster.tryStart("--hosts", "2", "--latency", "1"));
    assertRefused(2, "those of the links of --hosts", cluster.tryStart("--bandwidth", "1gbit"));
    assertRefused(2, "leave out --host", cluster.tryStart("--hosts", "2", "--host", "127.0.0.3"));
  }

  private static void assertRefused(int exitCode, String reason, Outcome outcome) {
    assertThat(outcome.exitCode()).isEqualTo(exitCode);
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("stoker: ")
        .contains(reason);
  }

  /**
   * A process that has ended, and that its parent has not waited for yet, has no command any more.
   */
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }
}
