// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.worker.device.InstalledGpu;
import io.stoker.worker.runtime.TaskDevices;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * A job's request for graphics cards, one a task. A job requests them with {@code --device gpu}, or
 * with Spark's own {@code spark.task.resource.gpu.amount}.
 */
public final class GpuRequest {
  private static final String OF_A_TASK = "spark.task.resource.gpu.amount";
  private static final String OF_AN_EXECUTOR = "spark.executor.resource.gpu.amount";
  private static final String VENDOR = "spark.executor.resource.gpu.vendor";
  private static final String ORDER = "spark.executorEnv.CUDA_DEVICE_ORDER";
  private static final String MASTER = "spark.master";

  private GpuRequest() {}

  /** Whether a job's configuration requests graphics cards. */
  public static boolean isIn(SparkConf conf) {
    return conf.get(TaskDevices.DEVICE, "").equals(TaskDevices.GPU) || conf.contains(OF_A_TASK);
  }

  /**
   * Completes a configuration that requests graphics cards, before Spark starts with it. Other
   * configurations stay as they are.
   *
   * @throws InputException if it requests both processors and GPUs
   */
  public static void complete(SparkConf conf) {
    Check.input(
        !(conf.contains(OF_A_TASK)
            && conf.get(TaskDevices.DEVICE, "").equals(TaskDevices.PROCESSOR)),
        "Invalid --device cpu with %s: tasks would hold GPUs that they do not use; leave out one of"
            + " them",
        OF_A_TASK);
    if (!isIn(conf)) {
      return;
    }
    conf.set(TaskDevices.DEVICE, TaskDevices.GPU);
    if (conf.get(MASTER, "local").startsWith("local")) {
      // A local master assigns no GPUs: it would wait for them for ever. A task takes a free one.
      conf.remove(OF_A_TASK);
      conf.remove(OF_AN_EXECUTOR);
      return;
    }
    conf.setIfMissing(OF_A_TASK, "1");
    conf.setIfMissing(OF_AN_EXECUTOR, "1");
    // By default, CUDA numbers the fastest GPU first; Spark's addresses are in bus order.
    conf.setIfMissing(ORDER, "PCI_BUS_ID");
    if (conf.get(MASTER).startsWith("k8s")) {
      conf.setIfMissing(VENDOR, "nvidia.com");
    }
  }

  /**
   * The engine for a job.
   *
   * @param conf the configuration that Spark runs with
   * @param name the engine's name, or {@link Engines#AUTO}
   * @throws ResourceException if the job requests GPUs, and the engine cannot compute on them
   */
  public static Engine engine(SparkConf conf, String name) {
    if (!isIn(conf)) {
      return Engines.named(name);
    }
    String amount = conf.get(OF_A_TASK, "1");
    if (!amount.matches("1(\\.0+)?")) {
      throw new ResourceException(
          "Cannot train with %s=%s: %s; set it to 1"
              .formatted(
                  OF_A_TASK,
                  amount,
                  amount.startsWith("0")
                      ? "two tasks would share a device"
                      : "a task computes on one device"));
    }
    return Engines.onDevices(name);
  }

  /**
   * Makes sure that each slot has a GPU of its own, for which the engine has code.
   *
   * @param clusterState the executors
   * @param engine the engine that computes
   * @throws ResourceException if a slot has none; the message names the GPU and the executor
   */
  public static void check(ClusterState clusterState, Engine engine) {
    Map<String, String> owners = new HashMap<>();
    for (ClusterState.ExecutorState executor : clusterState.executors()) {
      for (String address : executor.gpus()) {
        Optional<InstalledGpu> gpu =
            executor.facts().gpus().stream().filter(each -> each.isAt(address)).findFirst();
        String place = "GPU %s of %s".formatted(address, executor.place());
        gpu.ifPresent(found -> Engines.requireCode(engine, found.gpu(), place));
        String identity =
            gpu.map(InstalledGpu::uuid).orElse(executor.facts().host() + " GPU " + address);
        String other = owners.putIfAbsent(identity, place);
        if (other != null) {
          throw new ResourceException(
              "Cannot train on %s and %s: they are one device, which two tasks would share; give each executor addresses of its own"
                  .formatted(other, place));
        }
      }
    }
    clusterState.executors().forEach(executor -> requireStarted(executor, engine));
  }

  /** What an engine with code for GPUs says of an executor's machine. */
  private static String asFoundThere(ClusterState.ExecutorState executor, Engine engine) {
    return executor.facts().engines().stream()
        .filter(facts -> facts.name().equals(engine.name()) && engine.computesOnDevices())
        .map(facts -> "; there it says: " + facts.description())
        .findFirst()
        .orElse("");
  }

  /**
   * Makes sure that each GPU that Spark has assigned has enough memory for one network of a job.
   *
   * @param clusterState the executors
   * @param need the job's memory
   * @throws ResourceException if a GPU has not
   */
  public static void checkMemory(ClusterState clusterState, MemoryNeed need) {
    for (ClusterState.ExecutorState executor : clusterState.executors()) {
      for (InstalledGpu gpu : executor.facts().gpus()) {
        // A local master assigns no GPUs: a task takes any.
        if (executor.gpus().isEmpty() || executor.gpus().stream().anyMatch(gpu::isAt)) {
          need.requireOnGpu(
              gpu, String.format(Locale.ROOT, "GPU %d of %s", gpu.index(), executor.place()));
        }
      }
    }
  }

  private static void requireStarted(ClusterState.ExecutorState executor, Engine engine) {
    List<EngineFacts> started =
        executor.facts().engines().stream()
            .filter(facts -> facts.name().equals(engine.name()) && facts.devices() > 0)
            .toList();
    if (started.isEmpty()) {
      // The engine would start on every GPU that it sees, assigned or not.
      for (InstalledGpu gpu : executor.facts().gpus()) {
        Engines.requireCode(
            engine,
            gpu.gpu(),
            String.format(
                Locale.ROOT,
                "machines with GPU %d of %s, which CUDA_VISIBLE_DEVICES does not hide",
                gpu.index(),
                executor.place()));
      }
      throw new ResourceException(
          "Cannot train on GPUs in %s: %s%s (see docs/gpu.md)"
              .formatted(
                  executor.place(), Engines.whyNoDevices(engine), asFoundThere(executor, engine)));
    }
  }
}
