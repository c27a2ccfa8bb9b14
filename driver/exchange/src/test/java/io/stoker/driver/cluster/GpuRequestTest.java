// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.zoo.Zoo;
import io.stoker.worker.device.InstalledGpu;
import io.stoker.worker.runtime.TaskDevices;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuRequestTest {
  private static final String OF_A_TASK = "spark.task.resource.gpu.amount";
  private static final String OF_AN_EXECUTOR = "spark.executor.resource.gpu.amount";
  private static final Engine DL4J = Engines.find("dl4j");

  private static SparkConf conf(String master) {
    return new SparkConf(false).setMaster(master);
  }

  @Test
  void asksForOneCardATaskOnACluster() {
    SparkConf conf = conf("k8s://h").set(TaskDevices.DEVICE, "gpu").set(OF_AN_EXECUTOR, "4");

    GpuRequest.complete(conf);

    assertThat(conf.get(OF_A_TASK)).isEqualTo("1");
    assertThat(conf.get(OF_AN_EXECUTOR)).isEqualTo("4");
    assertThat(conf.get("spark.executorEnv.CUDA_DEVICE_ORDER")).isEqualTo("PCI_BUS_ID");
    assertThat(conf.get("spark.executor.resource.gpu.vendor")).isEqualTo("nvidia.com");
  }

  @Test
  void asksALocalMasterForNothingThatItCannotAssign() {
    SparkConf conf = conf("local[2]").set(OF_A_TASK, "1").set(OF_AN_EXECUTOR, "1");

    GpuRequest.complete(conf);

    assertThat(conf.contains(OF_A_TASK)).isFalse();
    assertThat(conf.contains(OF_AN_EXECUTOR)).isFalse();
    assertThat(GpuRequest.isIn(conf)).isTrue();
  }

  @Test
  void leavesAJobForProcessorsAlone() {
    SparkConf conf = conf("spark://h:1");

    GpuRequest.complete(conf);

    assertThat(conf.getAll()).hasSize(1);
    assertThat(GpuRequest.engine(conf, Engines.AUTO).name()).isEqualTo("onednn");
  }

  @Test
  void refusesBoth() {
    SparkConf conf = conf("spark://h:1").set(TaskDevices.DEVICE, "cpu").set(OF_A_TASK, "1");

    assertThatThrownBy(() -> GpuRequest.complete(conf))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Invalid --device cpu with spark.task.resource.gpu.amount");
  }

  @ParameterizedTest
  @CsvSource({"0.5, two tasks would share a device", "2, a task computes on one device"})
  void refusesAnyOtherNumberOfCardsATask(String amount, String reason) {
    assertThatThrownBy(() -> GpuRequest.engine(conf("spark://h:1").set(OF_A_TASK, amount), "dl4j"))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(amount)
        .hasMessageContaining(reason)
        .hasMessageEndingWith("set it to 1");
  }

  @Test
  void takesADistinctCardForEachSlot() {
    ClusterState clusterState =
        new ClusterState(
            List.of(
                ClusterStates.surveyed(ClusterStates.facts("0", "a"), "0", "1"),
                ClusterStates.surveyed(ClusterStates.facts("1", "a"), "2", "3"),
                ClusterStates.surveyed(ClusterStates.facts("2", "b"), "0", "1")));

    assertThatCode(() -> GpuRequest.check(clusterState, DL4J)).doesNotThrowAnyException();
  }

  @Test
  void refusesExecutorsOfOneMachineThatShareACard() {
    ClusterState clusterState =
        new ClusterState(
            List.of(
                ClusterStates.surveyed(ClusterStates.facts("0", "a"), "0", "1"),
                ClusterStates.surveyed(ClusterStates.facts("1", "a"), "1", "2")));

    assertThatThrownBy(() -> GpuRequest.check(clusterState, DL4J))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 1 of executor 0 on a and GPU 1 of executor 1 on a")
        .hasMessageContaining("two tasks would share");
  }

  @Test
  void tellsCardsOfOneNumberInTwoContainersApart() {
    ClusterState clusterState =
        new ClusterState(List.of(inContainer("0", "GPU-aa", 8.0), inContainer("1", "GPU-bb", 8.0)));

    assertThatCode(() -> GpuRequest.check(clusterState, DL4J)).doesNotThrowAnyException();
  }

  @Test
  void namesTheCardThatHasNoCode() {
    ClusterState clusterState = new ClusterState(List.of(inContainer("0", "GPU-aa", 9.0)));

    assertThatThrownBy(() -> GpuRequest.check(clusterState, DL4J))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 0 of executor 0 on a, Some GPU (compute capability 9.0)")
        .hasMessageContaining("engine dl4j has code for compute capability 3.7 to 8.9 only");
  }

  @Test
  void namesTheUnassignedCardOnWhichTheEngineWouldStartToo() {
    List<InstalledGpu> gpus =
        InstalledGpu.parse("0, GPU-aa, Old GPU, 8.0\n1, GPU-bb, New GPU, 9.0\n");
    ProcessFacts facts =
        ClusterStates.with(ClusterStates.facts("3", "a"), gpus, List.of(ClusterStates.cuda(0)));

    assertThatThrownBy(
            () ->
                GpuRequest.check(
                    new ClusterState(List.of(ClusterStates.surveyed(facts, "0"))), DL4J))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("GPU 1 of executor 3 on a, which CUDA_VISIBLE_DEVICES does not hide")
        .hasMessageContaining("New GPU (compute capability 9.0)");
  }

  private static ClusterState.ExecutorState inContainer(
      String executor, String uuid, double capability) {
    List<InstalledGpu> gpus = InstalledGpu.parse("0, %s, Some GPU, %s".formatted(uuid, capability));
    return ClusterStates.surveyed(
        ClusterStates.with(
            ClusterStates.facts(executor, "a"), gpus, List.of(ClusterStates.cuda(1))),
        "0");
  }

  @Test
  void namesTheAssignedCardWhoseMemoryIsTooSmall() {
    List<InstalledGpu> gpus =
        InstalledGpu.parse("0, GPU-aa, Small GPU, 8.0, 2048\n1, GPU-bb, Tiny GPU, 8.0, 512\n");
    ProcessFacts facts =
        ClusterStates.with(ClusterStates.facts("3", "a"), gpus, List.of(ClusterStates.cuda(2)));
    ClusterState clusterState = new ClusterState(List.of(ClusterStates.surveyed(facts, "0")));

    assertThatCode(
            () ->
                GpuRequest.checkMemory(
                    clusterState, MemoryNeed.ofOneBatch(Zoo.model("alexnet-mini", 10), 8)))
        .doesNotThrowAnyException();
    assertThatThrownBy(
            () ->
                GpuRequest.checkMemory(
                    clusterState, MemoryNeed.ofOneBatch(Zoo.model("alexnet", 1000), 256)))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith(
            "Not enough memory on GPU 0 of executor 3 on a, Small GPU (compute capability 8.0): 1"
                + " slot x (3 vectors")
        .hasMessageContaining("and CUDA leaves 1,024 MiB of 2,048 MiB; take a smaller --batch");
  }

  @Test
  void namesTheExecutorWhereTheEngineStartsOnNoCard() {
    ProcessFacts facts =
        ClusterStates.with(
            ClusterStates.facts("7", "a"), List.of(), List.of(ClusterStates.cuda(0)));

    assertThatThrownBy(
            () ->
                GpuRequest.check(
                    new ClusterState(List.of(ClusterStates.surveyed(facts, "0"))), DL4J))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(
            "executor 7 on a: engine dl4j starts on no GPU there; it needs an NVIDIA driver, CUDA"
                + " 11.6");
  }
}
