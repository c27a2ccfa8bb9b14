// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.io.Serializable;
import org.apache.spark.SparkEnv;

/**
 * Which network a task needs.
 *
 * @param model the model that it computes
 * @param engine the engine's name
 * @param batch the largest number of examples of one call
 * @param rates how fast each tensor learns; of no importance to a prediction
 * @param frozen the identity of the values of frozen parameters, which training loads once and not
 *     in each round; empty if no parameter is frozen
 * @param arithmetic how it computes
 * @param environment the environment in which it may compute
 * @param quantization which layers a network for prediction computes in int8
 */
public record ReplicaKey(
    ModelSpec model,
    String engine,
    int batch,
    RateMultipliers rates,
    String frozen,
    Arithmetic arithmetic,
    ComputeEnvironment environment,
    Quantization quantization)
    implements Serializable {
  /** The key of a network whose layers are all computed in floating point. */
  public ReplicaKey(
      ModelSpec model,
      String engine,
      int batch,
      RateMultipliers rates,
      String frozen,
      Arithmetic arithmetic,
      ComputeEnvironment environment) {
    this(model, engine, batch, rates, frozen, arithmetic, environment, Quantization.NONE);
  }

  /** The key of a network that computes with the fastest algorithms in fp32. */
  public ReplicaKey(
      ModelSpec model, String engine, int batch, RateMultipliers rates, String frozen) {
    this(
        model,
        engine,
        batch,
        rates,
        frozen,
        Arithmetic.FASTEST_FP32,
        ComputeEnvironment.NOT_RECORDED);
  }

  /** The key of networks whose tensors all learn at the same rate. */
  public static ReplicaKey of(ModelSpec model, String engine, int batch) {
    return new ReplicaKey(model, engine, batch, RateMultipliers.ones(model), "");
  }

  /** The key of networks with the same parameters over images of another size. */
  public ReplicaKey withModel(ModelSpec resized) {
    return new ReplicaKey(resized, engine, batch, rates, frozen, arithmetic, environment);
  }

  /** Whether networks of both keys predict the same, if they have the same parameters. */
  boolean predictsLike(ReplicaKey other) {
    return batch == other.batch
        && engine.equals(other.engine)
        && arithmetic.equals(other.arithmetic)
        && quantization.equals(other.quantization)
        && model.equals(other.model);
  }

  /** Whether networks of both keys train the same, if they have the same parameters. */
  boolean trainsLike(ReplicaKey other) {
    return predictsLike(other) && rates.equals(other.rates);
  }

  /**
   * Builds a network; its parameters are zero.
   *
   * @throws io.stoker.failure.ResourceException if this process would compute other bits
   */
  Network create() {
    Engine named = Engines.named(engine);
    if (environment.isRecorded()) {
      environment.require(ComputeEnvironment.here(named, arithmetic.precision()), place());
    }
    return quantization.isEmpty()
        ? named.create(model, batch, rates, arithmetic)
        : named.create(model, batch, arithmetic, quantization);
  }

  private static String place() {
    SparkEnv spark = SparkEnv.get();
    return spark == null
        ? "this process"
        : "executor %s on %s"
            .formatted(spark.executorId(), spark.blockManager().blockManagerId().host());
  }
}
