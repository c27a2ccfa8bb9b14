// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.driver.cluster.ExecutorRegistration;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Engines;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.net.InetAddress;
import java.time.Duration;
import org.apache.spark.api.java.JavaSparkContext;

/** Makes sure, before any work, that the machines that will compute in int8 can. */
final class Int8Check {
  /** How long the first executor may take to register. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Int8Check() {}

  /**
   * Checks this process if the job runs in it, else each executor that is there. Those that come
   * later check it when they build a network.
   *
   * @param spark the cluster
   * @param engine the engine that computes
   * @param model the model
   * @throws InputException if the engine or a processor does not compute in int8
   */
  static void run(JavaSparkContext spark, String engine, ModelSpec model) {
    Quantization all = Quantization.ofAll(model, new Quantization.Range(1, true));
    if (spark.isLocal()) {
      Engines.named(engine).requireInt8(model, all);
      return;
    }
    int executors = ExecutorRegistration.of(spark).awaitSlots(1, PATIENCE).executors().size();
    if (executors > 0) {
      SparkFailures.unwrapped(
          () ->
              Jobs.elements(
                  new NumberedTasks<>(
                      spark,
                      executors,
                      task -> on(InetAddress.getLocalHost().getHostName(), engine, model, all))));
    }
  }

  /** Checks an executor, which is this process. */
  static boolean on(String host, String engine, ModelSpec model, Quantization layers) {
    try {
      Engines.named(engine).requireInt8(model, layers);
      return true;
    } catch (InputException e) {
      throw new InputException("%s (executor on %s)".formatted(e.getMessage(), host), e);
    }
  }
}
