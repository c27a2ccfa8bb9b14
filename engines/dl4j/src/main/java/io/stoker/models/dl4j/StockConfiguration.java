// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * Converts a stock Deeplearning4j configuration to a model and settings of Stoker: the opposite of
 * {@link GraphConfiguration}. It refuses by name whatever has no exact counterpart.
 */
public final class StockConfiguration {
  /** A layer of the chain, and the preprocessor before it. */
  private record Link(Layer layer, InputPreProcessor before) {}

  private final List<Link> chain = new ArrayList<>();
  private final IUpdater updater;
  private final Optional<L2Regularization> decay;

  private StockConfiguration(
      List<NeuralNetConfiguration> layers, List<InputPreProcessor> before, DataType type) {
    Check.input(type == DataType.FLOAT, "values of type %s", type);
    for (int i = 0; i < layers.size(); i++) {
      NeuralNetConfiguration each = layers.get(i);
      Layer layer = each.getLayer();
      requirePlain(each, layer);
      chain.add(new Link(layer, before.get(i)));
    }
    List<BaseLayer> learning =
        chain.stream()
            .map(Link::layer)
            .filter(StockConfiguration::hasParameters)
            .map(BaseLayer.class::cast)
            .toList();
    Check.input(!learning.isEmpty(), "no layer that learns");
    updater = learning.get(0).getIUpdater();
    List<Regularization> regularization = weightsOf(learning).get(0).getRegularization();
    for (BaseLayer layer : learning) {
      Check.input(
          updater.equals(layer.getIUpdater())
              && (layer.getBiasUpdater() == null || updater.equals(layer.getBiasUpdater())),
          "updaters of layers that differ");
    }
    for (BaseLayer layer : weightsOf(learning)) {
      Check.input(
          isEmpty(layer.getRegularizationBias())
              && list(layer.getRegularization()).equals(list(regularization)),
          "regularization of layers or biases that differs");
    }
    Check.input(
        updater.getClass() == Sgd.class || updater.getClass() == Nesterovs.class,
        "updater %s",
        updater.getClass().getSimpleName());
    decay = decay(list(regularization));
  }

  /**
   * Reads a network of layers.
   *
   * @throws InputException if something has no counterpart; the message names it
   */
  public static StockConfiguration of(MultiLayerConfiguration configuration) {
    Check.input(
        configuration.getBackpropType() == BackpropType.Standard,
        "backpropagation of type %s",
        configuration.getBackpropType());
    List<NeuralNetConfiguration> layers = configuration.getConfs();
    List<InputPreProcessor> before = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      before.add(configuration.getInputPreProcess(i));
    }
    return new StockConfiguration(layers, before, configuration.getDataType());
  }

  /**
   * Reads a graph that is a chain of layers.
   *
   * @throws InputException if something has no counterpart; the message names it
   */
  public static StockConfiguration of(ComputationGraphConfiguration configuration) {
    Check.input(
        configuration.getBackpropType() == BackpropType.Standard,
        "backpropagation of type %s",
        configuration.getBackpropType());
    Check.input(
        configuration.getNetworkInputs().size() == 1
            && configuration.getNetworkOutputs().size() == 1,
        "several inputs or outputs");
    List<NeuralNetConfiguration> layers = new ArrayList<>();
    List<InputPreProcessor> before = new ArrayList<>();
    String last = configuration.getNetworkInputs().get(0);
    while (!last.equals(configuration.getNetworkOutputs().get(0))) {
      String previous = last;
      List<String> next =
          configuration.getVertexInputs().entrySet().stream()
              .filter(each -> each.getValue().contains(previous))
              .map(java.util.Map.Entry::getKey)
              .toList();
      Check.input(next.size() == 1, "branches after '%s'", previous);
      last = next.get(0);
      GraphVertex vertex = configuration.getVertices().get(last);
      Check.input(
          vertex instanceof LayerVertex && configuration.getVertexInputs().get(last).size() == 1,
          "vertex '%s' (%s)",
          last,
          vertex.getClass().getSimpleName());
      layers.add(((LayerVertex) vertex).getLayerConf());
      before.add(((LayerVertex) vertex).getPreProcessor());
    }
    Check.input(
        layers.size() == configuration.getVertices().size(), "vertices outside of the chain");
    return new StockConfiguration(layers, before, configuration.getDataType());
  }

  private static boolean hasParameters(Layer layer) {
    return layer instanceof BatchNormalization
        || (layer instanceof FeedForwardLayer forward && StockLayer.learns(forward));
  }

  private static List<BaseLayer> weightsOf(List<BaseLayer> learning) {
    List<BaseLayer> weights =
        learning.stream().filter(layer -> !(layer instanceof BatchNormalization)).toList();
    Check.input(!weights.isEmpty(), "no layer with weights");
    return weights;
  }

  private static void requirePlain(NeuralNetConfiguration configuration, Layer layer) {
    String name = layer.getClass().getSimpleName();
    Check.input(
        configuration.isMiniBatch()
            && configuration.getOptimizationAlgo()
                == OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT,
        "optimization other than by mini-batches");
    Check.input(isEmpty(layer.getConstraints()), "constraints of %s", name);
    if (layer instanceof BaseLayer base) {
      Check.input(base.getWeightNoise() == null, "weight noise of %s", name);
      Check.input(
          base.getGradientNormalization() == null
              || base.getGradientNormalization() == GradientNormalization.None,
          "gradient normalization of %s",
          name);
    }
  }

  private static Optional<L2Regularization> decay(List<Regularization> regularization) {
    if (regularization.isEmpty()) {
      return Optional.empty();
    }
    Check.input(
        regularization.size() == 1 && regularization.get(0).getClass() == L2Regularization.class,
        "regularization other than L2");
    return Optional.of((L2Regularization) regularization.get(0));
  }

  private static boolean isEmpty(List<?> values) {
    return values == null || values.isEmpty();
  }

  private static <T> List<T> list(List<T> values) {
    return values == null ? List.of() : values;
  }

  /**
   * The model.
   *
   * @param example the shape of an example: {@code [features]} or {@code [channels, height, width]}
   * @throws InputException if a layer has no counterpart; the message names it
   */
  public ModelSpec model(List<Long> example) {
    Shape input = StockLayer.input(example, chain.get(0).before());
    StockLayer.Chain layers = new StockLayer.Chain(input);
    for (Link link : chain) {
      layers.append(link.layer(), link.before());
    }
    return layers.model("dl4j");
  }

  /** Whether the updater has a state, which has one value for each parameter. */
  public boolean hasMomentum() {
    return updater instanceof Nesterovs;
  }

  /**
   * The settings of a step.
   *
   * @param iteration the number of the step, as Deeplearning4j counts
   * @param epoch the number of its epoch, as Deeplearning4j counts
   */
  public StepSettings settings(int iteration, int epoch) {
    float rate = (float) updater.getLearningRate(iteration, epoch);
    float factor = decay.map(l2 -> (float) l2.getL2().valueAt(iteration, epoch)).orElse(0f);
    float momentum =
        updater instanceof Nesterovs nesterovs
            ? (float) nesterovs.currentMomentum(iteration, epoch)
            : 0;
    return new StepSettings(
        rate, momentum, StepSettings.Momentum.NESTEROV, factor, StepSettings.UNCLIPPED);
  }
}
