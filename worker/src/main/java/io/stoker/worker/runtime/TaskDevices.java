// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.worker.device.DeviceLease;
import io.stoker.worker.device.DeviceLeases;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * Gives each task a graphics card: the one that Spark assigned, or with a local master a free one.
 */
public final class TaskDevices {
  /** The configuration key that chooses the device of a job. */
  public static final String DEVICE = "spark.stoker.device";

  /** The value of {@link #DEVICE} for graphics cards, and Spark's name of the resource. */
  public static final String GPU = "gpu";

  /** The value of {@link #DEVICE} for processors. */
  public static final String PROCESSOR = "cpu";

  private final DeviceLeases leases;

  TaskDevices(DeviceLeases leases) {
    this.leases = leases;
  }

  /**
   * Binds the calling thread to the device of its task.
   *
   * @param task the task; empty outside of tasks
   * @param engine the engine that computes
   * @throws ResourceException if a GPU is wanted and there is none for this task alone
   */
  DeviceLease acquire(Optional<TaskContext> task, Engine engine) {
    List<String> assigned = task.map(TaskDevices::assigned).orElse(List.of());
    if (!assigned.isEmpty()) {
      if (assigned.size() > 1) {
        throw new ResourceException(
            String.format(
                Locale.ROOT,
                "Cannot train on %d GPUs in one task: a worker computes on one device"
                    + " (spark.task.resource.gpu.amount=1)",
                assigned.size()));
      }
      return leases.assigned(assigned.get(0), owner(task), engine, () -> started(engine));
    }
    // An engine that has started on a GPU computes there, whatever the job asked for.
    if (isAsked() || (engine.computesOnDevices() && engine.devices().isPresent())) {
      if (!isLocal()) {
        throw new ResourceException(
            "Cannot train on GPUs: Spark assigned none to this task; say --device gpu, or --conf"
                + " spark.task.resource.gpu.amount=1 and spark.executor.resource.gpu.amount");
      }
      return leases.any(owner(task), engine, () -> started(engine));
    }
    return DeviceLease.PROCESSOR;
  }

  /** What has a GPU for itself: a task with all of its threads, and outside of tasks a thread. */
  private static String owner(Optional<TaskContext> task) {
    return task.map(each -> "task " + each.taskAttemptId())
        .orElseGet(() -> "thread " + Thread.currentThread().getId());
  }

  /** The addresses of the GPUs that Spark assigned to a task. */
  public static List<String> assigned(TaskContext task) {
    ResourceInformation gpu = task.resourcesJMap().get(GPU);
    return gpu == null ? List.of() : List.of(gpu.addresses());
  }

  private static Devices started(Engine engine) {
    return engine
        .devices()
        .orElseThrow(
            () ->
                new ResourceException(
                    "Cannot train on GPUs on %s: %s"
                        .formatted(host(), Engines.whyNoDevicesHere(engine))));
  }

  private static boolean isAsked() {
    return conf().map(conf -> conf.get(DEVICE, "").equals(GPU)).orElse(false);
  }

  private static boolean isLocal() {
    return conf().map(conf -> conf.get("spark.master", "local").startsWith("local")).orElse(true);
  }

  private static Optional<SparkConf> conf() {
    return Optional.ofNullable(SparkEnv.get()).map(SparkEnv::conf);
  }

  private static String host() {
    return SparkEnv.get() == null
        ? InetAddress.getLoopbackAddress().getHostName()
        : SparkEnv.get().blockManager().blockManagerId().host();
  }
}
