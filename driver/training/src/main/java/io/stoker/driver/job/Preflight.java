// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.driver.cluster.ClusterState;
import io.stoker.driver.cluster.ExecutorDemand;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.spark.RegisteredExecutors;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks before the first round that the cluster has what a job needs. */
public final class Preflight {
  private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);

  /** How long executors may take to start that Spark starts on demand. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private Preflight() {}

  /**
   * Checks slots, memory and devices.
   *
   * @param spark the cluster
   * @param engine the engine that trains
   * @param workers how many workers a round has
   * @param need the job's memory
   * @throws ResourceException if the cluster cannot run the job as the user asked
   */
  public static void check(JavaSparkContext spark, Engine engine, int workers, MemoryNeed need) {
    if (Gang.isAsked(spark)) {
      Gang.beforeJob(spark, workers, "--gang").awaitAllWorkers("train");
    } else if (ExecutorDemand.isDynamic(spark) && Slots.now(spark).count() < workers) {
      LOG.info("Dynamic allocation: waiting until Spark has started executors for all workers");
      ExecutorDemand.awaitSettled(spark, workers, PATIENCE);
    }
    Slots slots = MemoryCheck.require(spark, need, workers, workers);
    if (!slots.executors().isEmpty() && slots.count() < workers) {
      LOG.warn("{}", waves(slots, workers));
    }
    int used = slots.mostOnOneExecutor(workers);
    LOG.info(
        "Training needs on each of {} executor(s), in the heap: {}; outside the heap: {}",
        slots.executors().size(),
        need.inHeap(used),
        need.outsideHeap(used));
    if (GpuRequest.isIn(spark.getConf())) {
      ClusterState clusterState = ClusterState.of(spark, slots, "");
      GpuRequest.check(clusterState, engine);
      GpuRequest.checkMemory(clusterState, need);
    }
  }

  /** What fewer slots than workers cost. */
  static String waves(Slots slots, int workers) {
    if (slots.count() == 0) {
      return RegisteredExecutors.NO_SLOT;
    }
    int waves = slots.waves(workers);
    return String.format(
        Locale.ROOT,
        "%d slots for %d workers: a round takes %d waves, about %d times as long as with %d slots",
        slots.count(),
        workers,
        waves,
        waves,
        workers);
  }
}
