// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.failure.ResourceException;
import java.time.Duration;
import org.apache.spark.api.java.JavaSparkContext;

/** Makes sure that there is enough memory for a job before it builds a network. */
public final class MemoryCheck {
  /** How long executors may take to register, as long as further ones do. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private MemoryCheck() {}

  /**
   * Waits for executors, and checks the memory of each. A job is refused only after registration
   * has settled, because its tasks are spread over all executors.
   *
   * @param spark the cluster
   * @param need what the job takes for each slot
   * @param tasks how many tasks it runs at the same time, if there are as many slots
   * @param slots how many slots are worth waiting for
   * @return the executors
   * @throws ResourceException if their memory is too small
   */
  public static Slots require(JavaSparkContext spark, MemoryNeed need, int tasks, int slots) {
    ProcessMemory memory = ProcessMemory.ofExecutors(spark);
    Slots there =
        ExecutorRegistration.of(spark)
            .awaitSettled(
                now -> now.count() >= slots && need.fits(used(spark, now, tasks), memory),
                PATIENCE);
    need.require(used(spark, there, tasks), memory);
    return there;
  }

  /** The slots that the job uses of one executor; without an executor those that it will have. */
  private static int used(JavaSparkContext spark, Slots there, int tasks) {
    if (!there.executors().isEmpty()) {
      return there.mostOnOneExecutor(tasks);
    }
    int cores = spark.getConf().getInt("spark.executor.cores", 1);
    int slots = cores / Math.max(1, spark.getConf().getInt("spark.task.cpus", 1));
    return Math.max(1, Math.min(tasks, slots));
  }

  /**
   * Checks the memory of this process, for a job that runs in it.
   *
   * @param need what the job takes for each network
   * @param networks how many networks it has at the same time
   * @throws ResourceException if the memory is too small
   */
  public static void requireHere(MemoryNeed need, int networks) {
    need.require(networks, ProcessMemory.here());
  }
}
