// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.LayerReference;
import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How fast each tensor of a job's model learns, by the config's rates of biases and layers. */
public final class LayerRates {
  private LayerRates() {}

  /**
   * The multipliers of a job.
   *
   * @throws io.stoker.failure.InputException if the config names a layer that the model does not
   *     have, or has several of, or if nothing learns
   */
  public static RateMultipliers of(TrainingConfig config, ModelSpec model) {
    String freeze = config.initialization().freeze();
    int frozen = freeze.isBlank() ? 0 : LayerReference.index(model, freeze) + 1;
    Check.input(
        frozen < model.placed().size(),
        "Cannot freeze layer %s of model %s: it is the last, and nothing would learn",
        freeze,
        model.name());
    float biasRate = (float) config.optimizer().biasRate();
    List<Float> factors = new ArrayList<>(RateMultipliers.of(model, frozen, biasRate).tensors());
    List<ModelSpec.Placed> chain = model.placed();
    Set<Integer> named = new HashSet<>();
    for (Map.Entry<String, Double> rate : config.optimizer().layerRates().entrySet()) {
      List<Integer> layers = LayerReference.indexes(model, rate.getKey());
      Check.input(
          layers.stream().anyMatch(layer -> !chain.get(layer).parameters().isEmpty()),
          "Invalid layer rate: layer %d of model %s (%s) has no parameters",
          layers.get(0) + 1,
          model.name(),
          chain.get(layers.get(0)).layer().label());
      for (int layer : layers) {
        Check.input(
            named.add(layer), "Two rates for layer %d of model %s", layer + 1, model.name());
        int first = firstTensor(chain, layer);
        for (int i = 0; i < chain.get(layer).parameters().size(); i++) {
          factors.set(first + i, factors.get(first + i) * rate.getValue().floatValue());
        }
      }
    }
    Check.input(
        factors.stream().anyMatch(factor -> factor > 0),
        "Nothing in model %s would learn: all its layers have the rate 0",
        model.name());
    return new RateMultipliers(factors);
  }

  private static int firstTensor(List<ModelSpec.Placed> chain, int layer) {
    return chain.subList(0, layer).stream().mapToInt(p -> p.parameters().size()).sum();
  }
}
