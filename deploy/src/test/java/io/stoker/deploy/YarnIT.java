// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import io.stoker.testing.Exact;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs on a real YARN give the bits that they give on this machine. */
@Exact
@Tag("one-line")
class YarnIT {
  private static final String TRAIN =
      "train --data data --model lenet5 --workers 2 --batch 8 --local-steps 4 --epochs 30"
          + " --checkpoint-every 1000";

  @TempDir static Path folder;

  private static YarnCluster yarn;
  private static Stoker stoker;

  @BeforeAll
  static void start() throws Exception {
    yarn = YarnCluster.start(folder.resolve("yarn"), 3);
    stoker = Stoker.in(folder).with("HADOOP_CONF_DIR", yarn.configuration().toString());
    stoker.json("--master local[2] synth --output data --count 750 --size 28");
  }

  @AfterAll
  static void stop() {
    if (yarn != null) {
      yarn.close();
    }
  }

  private static Started onYarn(String command) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "--master",
                "yarn",
                "--num-executors",
                "2",
                "--executor-cores",
                "1",
                "--executor-memory",
                "1g"));
    for (String setting :
        List.of(
            "spark.driver.host=127.0.0.1",
            // Not uploaded for each application.
            "spark.yarn.jars=local:" + Stoker.distribution() + "/jars/*",
            "spark.yarn.stagingDir=" + folder.resolve("staging").toUri(),
            "spark.yarn.appMasterEnv.JAVA_HOME=" + System.getProperty("java.home"),
            "spark.executorEnv.JAVA_HOME=" + System.getProperty("java.home"),
            "spark.executor.extraJavaOptions=" + Stoker.QUICK_JAVA,
            // By default seconds pass until Spark asks for what it lost, and the job would be over.
            "spark.yarn.scheduler.heartbeat.interval-ms=200",
            "spark.decommission.enabled=true")) {
      words.addAll(List.of("--conf", setting));
    }
    words.addAll(List.of((command + " --json").split(" ")));
    return stoker.start(words.toArray(String[]::new));
  }

  /** Spark starts another executor on the third node. */
  @Test
  void aNodeThatYarnDecommissionsCostsNoBits() throws Exception {
    String expected = stoker.hash("--master local[2] " + TRAIN + " --run undisturbed");

    Started training = onYarn(TRAIN + " --run disturbed");
    Path metrics = folder.resolve("disturbed/metrics.jsonl");
    Stoker.awaitLine(metrics, "\"round\":20,");
    Set<Integer> nodes = yarn.nodesWithExecutors();
    assertThat(nodes).hasSize(2);
    yarn.decommission(nodes.iterator().next());
    Set<Integer> withExecutors = new TreeSet<>();
    Stoker.await(
        "end of the training",
        () -> {
          withExecutors.addAll(yarn.nodesWithExecutors());
          return !training.process().isAlive();
        });
    Outcome outcome = Stoker.finish(training);

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("parameters_sha256").asText()).isEqualTo(expected);
    assertThat(outcome.err().lines()).noneMatch(line -> line.startsWith("\tat "));
    assertThat(withExecutors).hasSize(3);
    assertThat(Files.readString(metrics)).contains("\"round\":330,");
  }
}
