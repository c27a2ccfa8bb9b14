// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiagnosisTest {
  private static final ProcessFacts DRIVER = ClusterStates.facts("driver", "d");

  private static Finding finding(String subject, ClusterState clusterState) {
    return new Diagnosis(DRIVER, clusterState)
        .findings(Optional.empty()).stream()
            .filter(finding -> finding.subject().equals(subject))
            .findFirst()
            .orElseThrow();
  }

  private static ProcessFacts changed(String java, String spark, String extension, long memory) {
    ProcessFacts facts = ClusterStates.facts("1", "b");
    return new ProcessFacts(
        facts.executor(),
        facts.host(),
        java,
        spark,
        new Processor("another", List.of(extension)),
        facts.cores(),
        memory,
        facts.heapBytes(),
        facts.nativeLimit(),
        facts.residentLimit(),
        facts.gpus(),
        List.of(new EngineFacts("onednn", false, "cannot run", 0)));
  }

  @Test
  void findsNothingWrongWithAGoodCluster() {
    ClusterState clusterState =
        ClusterStates.of(ClusterStates.facts("0", "a"), ClusterStates.facts("1", "b"));

    assertThat(new Diagnosis(DRIVER, clusterState).findings(Optional.empty()))
        .extracting(Finding::level)
        .containsOnly(Finding.Level.OK);
  }

  @Test
  void saysWhatIsWrongWhereAndWhatToDo() {
    ClusterState clusterState =
        ClusterStates.of(
            ClusterStates.facts("0", "a"), changed("11.0.2", "3.4.1", "avx2", 1L << 30));

    assertThat(finding("java", clusterState).message())
        .startsWith("executor 1 on b runs Java 11.0.2; set JAVA_HOME there to Java 17");
    assertThat(finding("spark", clusterState).message())
        .contains("executor 1 on b runs Spark 3.4.1, the driver 3.5.9", "SPARK_HOME");
    assertThat(finding("engine", clusterState).level()).isEqualTo(Finding.Level.PROBLEM);
    assertThat(finding("processors", clusterState).message())
        .startsWith("AVX-512, AVX2:")
        .contains("ONEDNN_MAX_CPU_ISA=AVX2");
    assertThat(finding("memory", clusterState).message())
        .contains("on b are 2.0 GiB together, it has 1.0 GiB");
  }

  @Test
  void advisesFewerSlotsByWhatTheMasterTakes() {
    ProcessFacts facts = ClusterStates.facts("1", "b");
    ClusterState.ExecutorState full =
        new ClusterState.ExecutorState(facts, List.of(), facts.cores() + 1, "", "");
    ClusterState.ExecutorState local =
        new ClusterState.ExecutorState(
            ClusterStates.facts("driver", "d"), List.of(), facts.cores() + 1, "", "");

    assertThat(finding("threads", new ClusterState(List.of(full))).message())
        .isEqualTo(
            "3 slots on 2 cores in executor 1 on b: more workers than cores; set --executor-cores"
                + " to at most 2");
    assertThat(finding("threads", new ClusterState(List.of(local))).message())
        .endsWith("use --master local[2]");
  }

  @Test
  void acceptsEachJavaThatSparkRunsOn() {
    ProcessFacts old = ClusterStates.facts("0", "a");
    ProcessFacts newer =
        new ProcessFacts(
            "1",
            "b",
            "21.0.8+9-LTS",
            old.spark(),
            old.processor(),
            old.cores(),
            old.memoryBytes(),
            old.heapBytes(),
            old.nativeLimit(),
            old.residentLimit(),
            old.gpus(),
            old.engines());

    assertThat(finding("java", ClusterStates.of(old, newer)).message())
        .isEqualTo("17 and 21 everywhere");
  }

  @Test
  void asksEachSlotAndProbesStorageOncePerProcess(@TempDir Path folder) throws Exception {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      ClusterState clusterState = ClusterState.of(spark, Slots.now(spark), folder.toString());

      assertThat(clusterState.executors()).hasSize(1);
      assertThat(clusterState.executors().get(0).slots()).isEqualTo(2);
      assertThat(clusterState.executors().get(0).storage())
          .containsOnlyOnce(folder.toString())
          .contains("written");
      assertThat(finding("storage", clusterState).level()).isEqualTo(Finding.Level.OK);
      assertThat(clusterState.executors().get(0).facts().engines())
          .anyMatch(engine -> engine.name().equals("onednn") && engine.available());

      Path file = Files.createFile(folder.resolve("file"));
      Finding storage =
          finding("storage", ClusterState.of(spark, Slots.now(spark), file.toString()));
      assertThat(storage.level()).isEqualTo(Finding.Level.PROBLEM);
      assertThat(storage.message()).contains("executor driver", file.toString());
    }
  }
}
