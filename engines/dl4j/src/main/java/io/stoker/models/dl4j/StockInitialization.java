// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.nn.weights.WeightInitXavierUniform;

/**
 * How Deeplearning4j would initialize a layer. Stoker sets all parameters itself; this serves
 * programs that train a new network from the configuration with Deeplearning4j.
 */
final class StockInitialization {
  private StockInitialization() {}

  /** Sets the initialization of a layer with weights. */
  static void apply(BaseLayer layer, Placed placed) {
    for (ParameterSpec tensor : placed.parameters()) {
      if (tensor.role() == ParameterSpec.Role.WEIGHT) {
        layer.setWeightInitFn(tensor.initializer().accept(new WeightInit(tensor)));
      } else {
        layer.setBiasInit(biasInit(tensor.initializer(), placed));
      }
    }
  }

  /** Deeplearning4j's initialization of weights. */
  private record WeightInit(ParameterSpec tensor) implements Initializer.Visitor<IWeightInit> {
    @Override
    public IWeightInit visitConstant(Initializer.Constant initializer) {
      return new WeightInitConstant(Decimal.of(initializer.value()));
    }

    @Override
    public IWeightInit visitGaussian(Initializer.Gaussian initializer) {
      return new WeightInitDistribution(
          new NormalDistribution(0, Decimal.of(initializer.standardDeviation())));
    }

    /**
     * Deeplearning4j's identity is for as many filters as channels only, and it knows nothing of
     * the images.
     */
    @Override
    public IWeightInit visitRule(Initializer.Rule initializer) {
      return switch (initializer) {
        case HE -> new WeightInitRelu();
        case HE_FAN_OUT ->
            new WeightInitDistribution(new NormalDistribution(0, Math.sqrt(2.0 / tensor.fanOut())));
        case GLOROT -> new WeightInitXavierUniform();
        case LECUN -> uniform(2.4 / tensor.fanIn());
        case DIRAC, WHITEN -> uniform(1 / Math.sqrt(tensor.fanIn()));
      };
    }

    private static IWeightInit uniform(double bound) {
      return new WeightInitDistribution(new UniformDistribution(-bound, bound));
    }
  }

  /** Deeplearning4j's initialization of biases, which begin with a constant there. */
  private static double biasInit(Initializer initializer, Placed placed) {
    if (initializer instanceof Initializer.Constant constant) {
      return Decimal.of(constant.value());
    }
    throw new IllegalStateException(
        "Deeplearning4j cannot begin the biases of %s with %s"
            .formatted(placed.layer().label(), initializer));
  }
}
