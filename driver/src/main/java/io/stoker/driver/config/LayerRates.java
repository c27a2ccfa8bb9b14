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
        frozen < model.layers().size(),
        "Cannot freeze layer %s of model %s: it is the last, and nothing would learn",
        freeze,
        model.name());
    float biasRate = (float) config.optimizer().biasRate();
    List<Float> factors = new ArrayList<>(RateMultipliers.of(model, frozen, biasRate).tensors());
    Set<Integer> named = new HashSet<>();
    for (Map.Entry<String, Double> rate : config.optimizer().layerRates().entrySet()) {
      int layer = LayerReference.index(model, rate.getKey());
      Check.input(named.add(layer), "Two rates for layer %d of model %s", layer + 1, model.name());
      Check.input(
          !model.placed().get(layer).parameters().isEmpty(),
          "Invalid layer rate: layer %d of model %s (%s) has no parameters",
          layer + 1,
          model.name(),
          model.layers().get(layer).label());
      int first = firstTensor(model, layer);
      for (int i = 0; i < model.placed().get(layer).parameters().size(); i++) {
        factors.set(first + i, factors.get(first + i) * rate.getValue().floatValue());
      }
    }
    Check.input(
        factors.stream().anyMatch(factor -> factor > 0),
        "Nothing in model %s would learn: all its layers have the rate 0",
        model.name());
    return new RateMultipliers(factors);
  }

  private static int firstTensor(ModelSpec model, int layer) {
    return model.placed().subList(0, layer).stream().mapToInt(p -> p.parameters().size()).sum();
  }
}
