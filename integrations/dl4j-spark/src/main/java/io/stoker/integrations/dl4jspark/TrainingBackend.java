// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.driver.cluster.GpuRequest;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.dl4j.StockConfiguration;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.worker.runtime.ReplicaKey;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.nd4j.linalg.api.buffer.DataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which way a network is trained, and how its values travel. */
sealed interface TrainingBackend {
  /** The first values: a vector, or two of the same length. */
  float[][] vectors();

  /** Sets the network to what the values have become. */
  void restore(float[][] vectors);

  /**
   * Takes the steps of a round.
   *
   * @param iteration its first step, as Deeplearning4j counts them
   * @param steps how many
   */
  Learner learner(int iteration, int steps);

  Logger LOG = LoggerFactory.getLogger(StokerTrainingMaster.class);

  /** By how much outputs may differ for a network to count as the same. */
  float TOLERANCE = 1e-4f;

  /**
   * Chooses the engine where it can do all that the network does, and shows it on examples; else
   * Deeplearning4j's own fit.
   *
   * @param probe some examples
   */
  static TrainingBackend of(
      StockNetwork network,
      ExampleLayout layout,
      List<float[]> probe,
      FitSettings settings,
      SparkConf conf) {
    try {
      Check.input(layout.isClassified(), "masks, or several inputs or outputs");
      StockConfiguration configuration = network.configuration();
      ModelSpec model = configuration.model(layout.features().get(0));
      Engine engine = GpuRequest.engine(conf, "auto");
      requireSame(network, model, engine, layout, probe);
      LOG.info("Training {} parameters with engine {}", model.parameterCount(), engine.name());
      return new OnEngine(
          network,
          configuration,
          model,
          ReplicaKey.of(model, engine.name(), settings.batchSizePerWorker()),
          layout,
          settings.saveUpdater() && configuration.hasMomentum());
    } catch (InputException e) {
      LOG.info("Training with Deeplearning4j's own fit: no counterpart of {}", e.getMessage());
      return new OnStock(network, network.json(), layout, settings.saveUpdater());
    }
  }

  private static void requireSame(
      StockNetwork network,
      ModelSpec model,
      Engine engine,
      ExampleLayout layout,
      List<float[]> probe) {
    Check.input(
        model.parameterCount() == network.model().numParams()
            && List.of((long) model.classes()).equals(layout.labels().get(0))
            && model.input().features() == layout.featureSize(),
        "its parameters or its examples");
    float[] expected =
        network
            .output(layout.batch(probe).getFeatures(0))
            .castTo(DataType.FLOAT)
            .dup('c')
            .data()
            .asFloat();
    float[] images = new float[probe.size() * layout.featureSize()];
    ExampleLayout.copy(probe, 0, layout.featureSize(), images);
    float[] found = new float[expected.length];
    try (Network ours = engine.create(model, probe.size())) {
      ours.writeParameters(0, FloatBuffer.wrap(vector(network, 0, model.parameterCount())));
      ours.predict(images, probe.size(), found);
    }
    for (int i = 0; i < found.length; i++) {
      Check.input(
          Math.abs(found[i] - expected[i]) <= TOLERANCE,
          "its outputs: %s where it gives %s",
          found[i],
          expected[i]);
    }
  }

  private static float[] vector(StockNetwork network, long offset, long length) {
    float[] values = new float[Math.toIntExact(length)];
    network.read(offset, FloatBuffer.wrap(values));
    return values;
  }

  /**
   * Steps of our engine.
   *
   * @param network the user's
   * @param configuration its
   * @param model what it computes
   * @param replica its like on executors
   * @param layout the examples
   * @param withVelocity whether the velocity travels
   */
  record OnEngine(
      StockNetwork network,
      StockConfiguration configuration,
      ModelSpec model,
      ReplicaKey replica,
      ExampleLayout layout,
      boolean withVelocity)
      implements TrainingBackend {
    @Override
    public float[][] vectors() {
      long count = model.parameterCount();
      float[] parameters = vector(network, 0, count);
      if (!withVelocity) {
        return new float[][] {parameters};
      }
      float[] velocity = new float[parameters.length];
      exchangeVelocity(velocity, (state, values) -> network.read(count + state, values));
      return new float[][] {parameters, velocity};
    }

    @Override
    public void restore(float[][] vectors) {
      network.write(0, FloatBuffer.wrap(vectors[0]));
      if (withVelocity) {
        exchangeVelocity(
            vectors[1], (state, values) -> network.write(model.parameterCount() + state, values));
      }
    }

    /** Where Deeplearning4j has the values of a tensor's velocity. */
    private interface Exchange {
      void at(long state, FloatBuffer values);
    }

    /** Deeplearning4j has no velocity for running statistics, ours is zero there. */
    private void exchangeVelocity(float[] velocity, Exchange exchange) {
      long state = 0;
      int offset = 0;
      for (ModelSpec.Placed placed : model.placed()) {
        for (ParameterSpec tensor : placed.parameters()) {
          int size = Math.toIntExact(tensor.size());
          if (tensor.role() != ParameterSpec.Role.STATISTIC) {
            exchange.at(state, FloatBuffer.wrap(velocity, offset, size));
            state += size;
          }
          offset += size;
        }
      }
    }

    @Override
    public Learner learner(int iteration, int steps) {
      int epoch = network.epoch();
      return new EngineLearner(
          replica,
          layout,
          IntStream.range(iteration, iteration + steps)
              .mapToObj(step -> configuration.settings(step, epoch))
              .toList());
    }
  }

  /**
   * Steps of Deeplearning4j.
   *
   * @param network the user's
   * @param json its configuration
   * @param layout the examples
   * @param withUpdater whether the updater's state travels
   */
  record OnStock(StockNetwork network, String json, ExampleLayout layout, boolean withUpdater)
      implements TrainingBackend {
    @Override
    public float[][] vectors() {
      return new float[][] {vector(network, 0, network.size(withUpdater))};
    }

    @Override
    public void restore(float[][] vectors) {
      network.write(0, FloatBuffer.wrap(vectors[0]));
    }

    @Override
    public Learner learner(int iteration, int steps) {
      return new StockLearner(
          network instanceof StockNetwork.Graph, json, layout, withUpdater, iteration);
    }
  }
}
