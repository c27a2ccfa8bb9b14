package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
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

  /** A process that has ended, but that nobody has waited for yet, has no command any more. */
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }
}
