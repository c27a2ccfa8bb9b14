// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.engine.StepSettings;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * How Deeplearning4j goes on to train a model: its updater, and its L2 factor or decay.
 * Deeplearning4j's momentum is Nesterov's: its velocity is the same, its step looks ahead.
 *
 * @param settings the model's last step
 */
record StockUpdater(StepSettings settings) {
  /** Sets the updater and the decay of all layers. */
  void configure(NeuralNetConfiguration.Builder defaults) {
    defaults.updater(updater());
    if (settings.weightDecay() > 0 && settings.isAdam()) {
      defaults.weightDecay(Decimal.of(settings.weightDecay()), true);
    } else if (settings.weightDecay() > 0) {
      defaults.l2(Decimal.of(settings.weightDecay()));
    }
  }

  /** Sets the step: Deeplearning4j corrects the moments of Adam after that many. */
  void setStep(ComputationGraphConfiguration configuration) {
    if (settings.isAdam()) {
      configuration.setIterationCount(
          (int) Math.min(Integer.MAX_VALUE - 1L, settings.adam().step() - 1));
    }
  }

  private IUpdater updater() {
    if (settings.isAdam()) {
      return new Adam(
          Decimal.of(settings.learningRate()),
          Decimal.of(settings.momentum()),
          Decimal.of(settings.adam().secondMomentum()),
          Decimal.of(settings.adam().epsilon()));
    }
    return settings.momentum() > 0
        ? new Nesterovs(Decimal.of(settings.learningRate()), Decimal.of(settings.momentum()))
        : new Sgd(Decimal.of(settings.learningRate()));
  }

  /**
   * Keeps the weights of a layer as they are, and trains its biases. Deeplearning4j's Adam takes a
   * rate of 0 for 1e-8.
   */
  void freezeWeights(BaseLayer layer) {
    layer.setIUpdater(
        settings.momentum() > 0 && !settings.isAdam()
            ? new Nesterovs(0, Decimal.of(settings.momentum()))
            : new Sgd(0));
    layer.setBiasUpdater(updater());
  }

  /** Deeplearning4j configures each layer twice, and adds the decay of weights each time. */
  static void decayOnce(Layer layer) {
    if (layer instanceof BaseWrapperLayer wrapper) {
      decayOnce(wrapper.getUnderlying());
    } else if (layer instanceof BaseLayer base
        && base.getRegularization() != null
        && base.getRegularization().stream().anyMatch(WeightDecay.class::isInstance)) {
      base.setRegularization(List.of(base.getRegularization().get(0)));
    }
  }
}
