package io.stoker.worker.runtime;

import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelYaml;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * What makes two replicas interchangeable; small enough to go with every task.
 *
 * @param model what they compute, as YAML with every value spelt out
 * @param engine the engine's name
 * @param batch the largest number of examples of one call
 * @param rates how fast each tensor learns
 * @param frozen the identity of the values of those that do not, as long as a replica lives
 */
public record ReplicaKey(
    String model, String engine, int batch, RateMultipliers rates, String frozen)
    implements Serializable {
  /** The key of networks of a model that learns alike everywhere. */
  public static ReplicaKey of(ModelSpec model, String engine, int batch) {
    return of(model, engine, batch, RateMultipliers.ones(model), "");
  }

  /** The key of networks of a model. */
  public static ReplicaKey of(
      ModelSpec model, String engine, int batch, RateMultipliers rates, String frozen) {
    return new ReplicaKey(ModelYaml.write(model), engine, batch, rates, frozen);
  }

  /** The model as data. */
  public ModelSpec spec() {
    try {
      return ModelYaml.read(
          new ByteArrayInputStream(model.getBytes(StandardCharsets.UTF_8)), "the job's model", 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Builds a network; its parameters are zero. */
  Network create() {
    return Engines.named(engine).create(spec(), batch, rates);
  }
}
