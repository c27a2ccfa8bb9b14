package io.stoker.driver.evaluate;

import io.stoker.data.batch.Normalization;
import io.stoker.data.image.ImageShape;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.Replica;
import io.stoker.worker.runtime.ReplicaKey;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * A trained network as tasks get it: what it computes, and where its parameters are. The parameters
 * themselves go from storage to the executors, and are compared there with their SHA-256.
 */
public final class TrainedNetwork implements Serializable {
  private static final long serialVersionUID = 1L;

  private final ReplicaKey key;
  private final MeanParameters parameters;
  private final ImageShape images;
  private final List<Double> mean;
  private final List<Double> standardDeviation;
  private final Stay stay;

  /** Whether a replica keeps the parameters for the next task. */
  private enum Stay {
    PASSING,
    RESIDENT
  }

  private TrainedNetwork(ReplicaKey key, List<StoredModel> models, Stay stay) {
    ModelMetadata metadata = models.get(models.size() - 1).metadata();
    this.key = key;
    this.parameters = MeanParameters.of(models);
    this.images = ModelInput.images(metadata.images());
    this.mean = metadata.mean();
    this.standardDeviation = metadata.standardDeviation();
    this.stay = stay;
  }

  /**
   * A network whose parameters every task reads, into any replica of the model: training's too.
   *
   * @param models a model, or those whose mean is meant; of the last one the rest is
   * @param engine the engine's name or {@code auto}
   * @param batch the largest number of images of one call
   */
  static TrainedNetwork passing(List<StoredModel> models, String engine, int batch) {
    return new TrainedNetwork(
        ReplicaKey.of(model(models), Engines.named(engine).name(), batch), models, Stay.PASSING);
  }

  /**
   * A network of which each slot of an executor keeps one, with its parameters, from task to task.
   *
   * @param models a model, or those whose mean is meant; of the last one the rest is
   * @param engine the engine's name or {@code auto}
   * @param batch the largest number of images of one call
   */
  public static TrainedNetwork resident(List<StoredModel> models, String engine, int batch) {
    ModelSpec model = model(models);
    List<String> identities = models.stream().map(StoredModel::parametersSha256).toList();
    ReplicaKey key =
        ReplicaKey.of(
            model,
            Engines.named(engine).name(),
            batch,
            RateMultipliers.ones(model),
            "mean of " + String.join(",", identities));
    return new TrainedNetwork(key, models, Stay.RESIDENT);
  }

  private static ModelSpec model(List<StoredModel> models) {
    return models.get(models.size() - 1).metadata().model();
  }

  /** The model. */
  public ModelSpec model() {
    return key.spec();
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

  /**
   * Borrows a replica of this process, with the parameters in it; the caller closes it.
   *
   * @param hadoop how to reach the parameters
   * @throws io.stoker.failure.DamagedException if they are others than when the job began
   * @throws IOException if they cannot be read
   */
  public Replica borrow(Configuration hadoop) throws IOException {
    Replica replica = ExecutorResources.here().borrow(key);
    if (stay == Stay.RESIDENT && !replica.isNew()) {
      return replica;
    }
    try {
      parameters.load(replica.network(), hadoop);
      return replica;
    } catch (IOException | RuntimeException | Error e) {
      replica.discard();
      replica.close();
      throw e;
    }
  }
}
