// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.worker.device.InstalledGpu;
import java.util.List;

/** Executors that a test makes up. */
final class ClusterStates {
  private ClusterStates() {}

  /** An executor of two slots, two cores, 4 GiB and Spark 3.5.9, as all should be. */
  static ProcessFacts facts(String executor, String host) {
    return new ProcessFacts(
        executor,
        host,
        "17.0.9",
        "3.5.9",
        new Processor("a processor", List.of("avx2", "avx512bw")),
        2,
        4L << 30,
        1L << 30,
        "1g",
        "no limit",
        List.of(),
        List.of(new EngineFacts("onednn", true, "oneDNN", 0), cuda(2)));
  }

  static EngineFacts cuda(int devices) {
    return new EngineFacts("dl4j", true, "Deeplearning4j", devices);
  }

  static ClusterState.ExecutorState surveyed(ProcessFacts facts, String... gpus) {
    return new ClusterState.ExecutorState(facts, List.of(gpus), 2, "", "");
  }

  static ClusterState of(ProcessFacts... executors) {
    return new ClusterState(
        java.util.Arrays.stream(executors).map(facts -> surveyed(facts)).toList());
  }

  static ProcessFacts with(ProcessFacts facts, List<InstalledGpu> gpus, List<EngineFacts> engines) {
    return new ProcessFacts(
        facts.executor(),
        facts.host(),
        facts.java(),
        facts.spark(),
        facts.processor(),
        facts.cores(),
        facts.memoryBytes(),
        facts.heapBytes(),
        facts.nativeLimit(),
        facts.residentLimit(),
        gpus,
        engines);
  }
}
