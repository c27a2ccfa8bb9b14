// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.data.storage.StorageProbe;
import io.stoker.driver.spark.BarrierStage;
import io.stoker.failure.ResourceException;
import io.stoker.worker.runtime.TaskDevices;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What the executors report about themselves, gathered by a task in each slot.
 *
 * @param executors one entry each, in the order of their names
 */
public record ClusterState(List<ExecutorState> executors) {
  /** How long a task holds its slot where barrier mode, which gives each its own, is excluded. */
  private static final Duration IN_SLOT = Duration.ofSeconds(1);

  /** The cluster states for which this process has probed the storage. */
  private static final Map<String, Boolean> PROBED = new ConcurrentHashMap<>();

  /**
   * One executor.
   *
   * @param facts the facts of its process
   * @param gpus the addresses of the GPUs that Spark assigned, an entry a slot; empty without GPUs
   * @param slots how many tasks ran there at the same time
   * @param storage how long writing and reading took in the probed folder; blank if none was probed
   * @param storageProblem why the folder could not be used; blank if it could
   */
  public record ExecutorState(
      ProcessFacts facts, List<String> gpus, int slots, String storage, String storageProblem) {
    public ExecutorState {
      gpus = List.copyOf(gpus);
    }

    private ExecutorState and(Answer answer) {
      List<String> all = new ArrayList<>(gpus);
      all.addAll(answer.gpus());
      return new ExecutorState(
          facts,
          all,
          slots + 1,
          storage + answer.storage(),
          storageProblem + answer.storageProblem());
    }

    /** The executor and its machine, for messages. */
    public String place() {
      return "executor %s on %s".formatted(facts.executor(), facts.host());
    }
  }

  private record Answer(
      ProcessFacts facts, List<String> gpus, String storage, String storageProblem)
      implements Serializable {}

  public ClusterState {
    executors = List.copyOf(executors);
  }

  /**
   * Asks all executors.
   *
   * @param spark the cluster
   * @param there its executors, as {@link ExecutorRegistration} has found them
   * @param probe a folder that each of them writes to; blank for none
   */
  public static ClusterState of(JavaSparkContext spark, Slots there, String probe) {
    int slots = Math.max(1, there.count());
    String clusterState = UUID.randomUUID().toString();
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    List<Answer> answers =
        spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false)
            ? occupying(spark, slots, () -> answer(clusterState, probe, hadoop))
            : BarrierStage.run(spark, slots, () -> answer(clusterState, probe, hadoop));
    Map<String, ExecutorState> executors = new TreeMap<>();
    for (Answer answer : answers) {
      executors.merge(
          answer.facts().executor(),
          new ExecutorState(answer.facts(), List.of(), 0, "", "").and(answer),
          (before, same) -> before.and(answer));
    }
    return new ClusterState(List.copyOf(executors.values()));
  }

  /** Dynamic allocation and barrier mode exclude each other in Spark. */
  private static List<Answer> occupying(
      JavaSparkContext spark, int slots, BarrierStage.Body<Answer> body) {
    return spark
        .parallelize(IntStream.range(0, slots).boxed().toList(), slots)
        .map(
            slot -> {
              TimeUnit.MILLISECONDS.sleep(IN_SLOT.toMillis());
              return body.run();
            })
        .collect();
  }

  private static Answer answer(
      String clusterState, String probe, SerializableConfiguration hadoop) {
    List<String> gpus = List.copyOf(TaskDevices.assigned(TaskContext.get()));
    String storage = "";
    String problem = "";
    if (!probe.isEmpty() && PROBED.putIfAbsent(clusterState, true) == null) {
      try {
        storage = StorageProbe.run(probe, hadoop.value()).toString();
      } catch (ResourceException e) {
        problem = e.getMessage();
      }
    }
    return new Answer(ProcessFacts.here(), gpus, storage, problem);
  }
}
