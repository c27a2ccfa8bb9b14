// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.models.dl4j.HostValues;
import io.stoker.models.dl4j.StockConfiguration;
import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** What Deeplearning4j's two classes of networks have in common, but no type for. */
sealed interface StockNetwork extends AutoCloseable {
  /** Builds a network from {@link #json}; its values are arbitrary. */
  static StockNetwork fromJson(boolean graph, String json) {
    StockNetwork network =
        graph
            ? new Graph(new ComputationGraph(ComputationGraphConfiguration.fromJson(json)))
            : new Layers(new MultiLayerNetwork(MultiLayerConfiguration.fromJson(json)));
    network.model().init();
    return network;
  }

  /** The network. */
  Model model();

  /** Its configuration. */
  String json();

  /**
   * Its configuration as ours.
   *
   * @throws io.stoker.failure.InputException if something has no counterpart
   */
  StockConfiguration configuration();

  /** The state of its updater, where it has one. */
  Optional<INDArray> updaterState();

  /** One step. */
  void fit(MultiDataSet batch);

  /** The outputs for one array of features, in inference mode. */
  INDArray output(INDArray features);

  void setScore(double score);

  int iteration();

  void setIteration(int iteration);

  int epoch();

  Collection<TrainingListener> listeners();

  /** How many values {@link #read} has. */
  default long size(boolean withUpdater) {
    return model().numParams()
        + (withUpdater ? updaterState().map(INDArray::length).orElse(0L) : 0);
  }

  /** Copies of the parameters, and the updater's state after them, the values from an offset. */
  default void read(long offset, FloatBuffer target) {
    long parameters = model().numParams();
    int here = (int) Math.max(0, Math.min(target.remaining(), parameters - offset));
    if (here > 0) {
      HostValues.read(model().params(), offset, part(target, here));
    }
    if (target.hasRemaining()) {
      HostValues.read(updaterState().orElseThrow(), offset + here - parameters, target);
    }
  }

  /** Sets what {@link #read} reads. */
  default void write(long offset, FloatBuffer source) {
    long parameters = model().numParams();
    int here = (int) Math.max(0, Math.min(source.remaining(), parameters - offset));
    if (here > 0) {
      HostValues.write(model().params(), offset, part(source, here));
    }
    if (source.hasRemaining()) {
      HostValues.write(updaterState().orElseThrow(), offset + here - parameters, source);
    }
  }

  /** The next values, past which the buffer moves on. */
  private static FloatBuffer part(FloatBuffer values, int length) {
    FloatBuffer part = values.slice(values.position(), length);
    values.position(values.position() + length);
    return part;
  }

  @Override
  default void close() {
    model().close();
  }

  /** A network of layers. */
  record Layers(MultiLayerNetwork model) implements StockNetwork {
    @Override
    public String json() {
      return model.getLayerWiseConfigurations().toJson();
    }

    @Override
    public StockConfiguration configuration() {
      return StockConfiguration.of(model.getLayerWiseConfigurations());
    }

    @Override
    public Optional<INDArray> updaterState() {
      return Optional.ofNullable(model.getUpdater().getStateViewArray());
    }

    @Override
    public void fit(MultiDataSet batch) {
      model.fit(batch);
    }

    @Override
    public INDArray output(INDArray features) {
      return model.output(features);
    }

    @Override
    public void setScore(double score) {
      model.setScore(score);
    }

    @Override
    public int iteration() {
      return model.getIterationCount();
    }

    @Override
    public void setIteration(int iteration) {
      model.getLayerWiseConfigurations().setIterationCount(iteration);
    }

    @Override
    public int epoch() {
      return model.getEpochCount();
    }

    @Override
    public Collection<TrainingListener> listeners() {
      return model.getListeners();
    }
  }

  /** A graph. */
  record Graph(ComputationGraph model) implements StockNetwork {
    @Override
    public String json() {
      return model.getConfiguration().toJson();
    }

    @Override
    public StockConfiguration configuration() {
      return StockConfiguration.of(model.getConfiguration());
    }

    @Override
    public Optional<INDArray> updaterState() {
      return Optional.ofNullable(model.getUpdater().getStateViewArray());
    }

    @Override
    public void fit(MultiDataSet batch) {
      model.fit(batch);
    }

    @Override
    public INDArray output(INDArray features) {
      return model.outputSingle(features);
    }

    @Override
    public void setScore(double score) {
      model.setScore(score);
    }

    @Override
    public int iteration() {
      return model.getConfiguration().getIterationCount();
    }

    @Override
    public void setIteration(int iteration) {
      model.getConfiguration().setIterationCount(iteration);
    }

    @Override
    public int epoch() {
      return model.getConfiguration().getEpochCount();
    }

    @Override
    public Collection<TrainingListener> listeners() {
      return model.getListeners();
    }
  }
}
