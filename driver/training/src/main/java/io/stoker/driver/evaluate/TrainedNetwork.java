// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.batch.Normalization;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageShape;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ComputeEnvironment;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.eval.Temperature;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.Replica;
import io.stoker.worker.runtime.ReplicaKey;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * A trained network as it is sent to tasks: its model, and the files that hold its parameters. The
 * executors read the parameters from storage, and compare them with their SHA-256. A network that
 * is in training has no files: its tasks find the parameters in the slices of the job.
 */
public final class TrainedNetwork implements Serializable {
  private static final long serialVersionUID = 1L;

  private final ReplicaKey key;
  private final MeanParameters parameters;
  private final ImageShape images;
  private final List<Double> mean;
  private final List<Double> standardDeviation;
  private final Decoding decoding;
  private final Temperature temperature;

  /**
   * The identity of the parameters: the SHA-256 of each model of which they are the mean, or a
   * random text for those of a network in training.
   */
  private final String identity;

  private TrainedNetwork(
      ReplicaKey key,
      ModelMetadata metadata,
      MeanParameters parameters,
      String identity,
      Temperature temperature) {
    this.key = key;
    this.parameters = parameters;
    this.images = ModelInput.images(metadata.images());
    this.mean = metadata.mean();
    this.standardDeviation = metadata.standardDeviation();
    this.decoding = Decoding.of(metadata.exactPixels());
    this.identity = identity;
    this.temperature = temperature;
  }

  private static ReplicaKey key(
      ModelMetadata metadata, String engine, int batch, Arithmetic arithmetic) {
    return new ReplicaKey(
        metadata.model(),
        Engines.named(engine).name(),
        batch,
        RateMultipliers.ones(metadata.model()),
        "",
        arithmetic,
        ComputeEnvironment.NOT_RECORDED,
        metadata.quantization());
  }

  /**
   * Describes the network of a job that trains, for one evaluation.
   *
   * @param metadata the model and everything else that prediction needs
   * @param engine the engine's name or {@code auto}
   * @param batch the largest number of images of one call
   * @param arithmetic how the engine computes
   */
  static TrainedNetwork inTraining(
      ModelMetadata metadata, String engine, int batch, Arithmetic arithmetic) {
    return new TrainedNetwork(
        key(metadata, engine, batch, arithmetic),
        metadata,
        new MeanParameters(List.of()),
        UUID.randomUUID().toString(),
        Temperature.ONE);
  }

  /**
   * Describes a trained network for tasks. A task that borrows it gets a replica that holds the
   * parameters already, if another task left one; else it loads them into any replica that computes
   * the same model, also into one that was built for training.
   *
   * @param models a model, or several of which the mean is taken; everything but the parameters
   *     comes from the last one, and the mean has no temperature
   * @param engine the engine's name or {@code auto}
   * @param batch the largest number of images of one call
   * @param arithmetic how the engine computes
   */
  public static TrainedNetwork of(
      List<StoredModel> models, String engine, int batch, Arithmetic arithmetic) {
    Temperature temperature = models.size() == 1 ? models.get(0).temperature() : Temperature.ONE;
    return of(models, engine, batch, arithmetic, temperature);
  }

  /** Describes a network that has another temperature than its model. */
  static TrainedNetwork of(
      List<StoredModel> models,
      String engine,
      int batch,
      Arithmetic arithmetic,
      Temperature temperature) {
    models.forEach(StoredModel::requireFinite);
    ModelMetadata metadata = models.get(models.size() - 1).metadata();
    return new TrainedNetwork(
        key(metadata, engine, batch, arithmetic),
        metadata,
        MeanParameters.of(models),
        models.stream().map(StoredModel::parametersSha256).collect(Collectors.joining(",")),
        temperature);
  }

  /** Describes a network that computes with the fastest algorithms in fp32. */
  public static TrainedNetwork of(List<StoredModel> models, String engine, int batch) {
    return of(models, engine, batch, Arithmetic.FASTEST_FP32);
  }

  /** The model. */
  public ModelSpec model() {
    return key.model();
  }

  /** The engine that computes in tasks. */
  public Engine engine() {
    return Engines.named(key.engine());
  }

  /** The largest number of images of one call. */
  public int batch() {
    return key.batch();
  }

  /** The shape of the data's images that it was trained on; it takes a part or all of them. */
  public ImageShape images() {
    return images;
  }

  /** The shape that it takes. */
  public ImageShape input() {
    return ModelInput.images(model().input());
  }

  /** How pixels become what it takes. */
  public Normalization normalization() {
    return new Normalization(mean, standardDeviation);
  }

  /** At which size image files are decoded for it. */
  public Decoding decoding() {
    return decoding;
  }

  /** What its probabilities are changed by. */
  public Temperature temperature() {
    return temperature;
  }

  /**
   * Borrows a replica of this process, with the parameters in it; the caller closes it.
   *
   * @param hadoop how to reach the parameters
   * @throws io.stoker.failure.DamagedException if they are others than when the job began
   * @throws IOException if they cannot be read
   */
  public Replica borrow(Configuration hadoop) throws IOException {
    return borrow(network -> parameters.load(network, hadoop));
  }

  /** Sets the parameters of a network. */
  @FunctionalInterface
  interface Loader {
    void load(Network network) throws IOException;
  }

  /** Borrows a replica of this process likewise, with parameters from somewhere else. */
  Replica borrow(Loader loader) throws IOException {
    Replica replica = ExecutorResources.here().borrowForPrediction(key, identity);
    if (!replica.lacksContents()) {
      return replica;
    }
    try {
      loader.load(replica.network());
      replica.contentsLoaded();
      return replica;
    } catch (IOException | RuntimeException | Error e) {
      replica.discard();
      replica.close();
      throw e;
    }
  }
}
