// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.driver.cluster.ExecutorDemand;
import io.stoker.driver.cluster.ExecutorRegistration;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.RoundConfig;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.spec.ModelSpec;
import java.io.Serializable;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides how a job computes, on the machines that will train. Their processors may be of another
 * kind than the driver's.
 *
 * @param arithmetic how the job computes
 * @param environment what decides the bits of its results there
 */
record ResolvedArithmetic(Arithmetic arithmetic, ComputeEnvironment environment)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(ResolvedArithmetic.class);

  /** How long the first executor may take to register; without one, the driver is asked. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * Resolves what a user asked for, see {@link Engine#resolve}. {@link ConvolutionAlgorithm#AUTO}
   * stands for Winograd only if each executor that is there has code for it: of the executors'
   * choices, the one that has the least of it counts. Where Spark starts executors for tasks, and
   * there is none, a task has it start the first one; with gang scheduling, one for each worker.
   *
   * @param spark the cluster
   * @param engine the engine that trains
   * @param model the model
   * @param rounds the job's workers, and the batch of each
   * @param asked what the user asked for
   * @throws io.stoker.failure.ResourceException if an executor cannot compute in this way, two
   *     executors would compute different bits, or slots of a gang do not come
   */
  static ResolvedArithmetic resolve(
      JavaSparkContext spark,
      Engine engine,
      ModelSpec model,
      RoundConfig rounds,
      Arithmetic asked) {
    int batch = rounds.batch();
    if (!GpuRequest.isIn(spark.getConf())) {
      Engine.refuseTf32(asked);
    }
    if (spark.isLocal()) {
      return here(engine, model, batch, asked);
    }
    if (ExecutorRegistration.of(spark).awaitSlots(1, PATIENCE).count() == 0) {
      if (!ExecutorDemand.isDynamic(spark)) { // Executors come later, of a kind that is not known.
        return new ResolvedArithmetic(
            engine.resolve(model, batch, asked), ComputeEnvironment.NOT_RECORDED);
      }
      LOG.info("Dynamic allocation: waiting until Spark has started an executor");
      if (Gang.isAsked(spark)) {
        Gang.beforeJob(spark, rounds.workers(), "--gang").awaitAllWorkers("train");
      }
    }
    String name = engine.name();
    List<ResolvedArithmetic> resolved =
        SparkFailures.unwrapped(
            () ->
                Jobs.elements(
                    new NumberedTasks<>(
                        spark,
                        Math.max(1, Slots.now(spark).executors().size()),
                        task -> here(Engines.named(name), model, batch, asked))));
    ComputeEnvironment first = resolved.get(0).environment();
    resolved.forEach(other -> first.require(other.environment(), "another executor"));
    return resolved.stream()
        .min(Comparator.comparing(each -> each.arithmetic().convolution()))
        .orElseThrow();
  }

  private static ResolvedArithmetic here(
      Engine engine, ModelSpec model, int batch, Arithmetic asked) {
    return new ResolvedArithmetic(
        engine.resolve(model, batch, asked), ComputeEnvironment.here(engine, asked.precision()));
  }
}
