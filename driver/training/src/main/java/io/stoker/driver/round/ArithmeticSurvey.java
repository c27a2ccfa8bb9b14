// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.cluster.ExecutorRegistration;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Precision;
import io.stoker.models.spec.ModelSpec;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Decides how a job computes, on the machines that will train. Their processors may be of another
 * kind than the driver's.
 */
final class ArithmeticSurvey {
  /** How long the first executor may take to register; without one, the driver is asked. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private ArithmeticSurvey() {}

  /**
   * Resolves what a user asked for, see {@link Engine#resolve}. {@link ConvolutionAlgorithm#AUTO}
   * stands for Winograd only if each executor that is there has code for it: of the executors'
   * choices, the one that has the least of it counts.
   *
   * @param spark the cluster
   * @param engine the engine that trains
   * @param model the model
   * @param batch a worker's batch
   * @param asked what the user asked for
   * @throws io.stoker.failure.ResourceException if an executor cannot compute in this way
   */
  static Arithmetic resolve(
      JavaSparkContext spark, Engine engine, ModelSpec model, int batch, Arithmetic asked) {
    if (!GpuRequest.isIn(spark.getConf())) {
      Engine.refuseTf32(asked);
    }
    boolean sameEverywhere =
        asked.precision() == Precision.FP32 && asked.convolution() == ConvolutionAlgorithm.DIRECT;
    if (spark.isLocal() || sameEverywhere) {
      return engine.resolve(model, batch, asked);
    }
    Slots slots = ExecutorRegistration.of(spark).awaitSlots(1, PATIENCE);
    if (slots.count() == 0) {
      return engine.resolve(model, batch, asked);
    }
    String name = engine.name();
    List<Arithmetic> resolved =
        SparkFailures.unwrapped(
            () ->
                Jobs.elements(
                    new NumberedTasks<>(
                        spark,
                        slots.executors().size(),
                        task -> Engines.named(name).resolve(model, batch, asked))));
    return resolved.stream().min(Comparator.comparing(Arithmetic::convolution)).orElseThrow();
  }
}
