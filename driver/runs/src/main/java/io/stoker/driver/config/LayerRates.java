// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.LayerReference;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How fast each tensor of a job's model learns, by the rates of biases, scales and layers. */
public final class LayerRates {
  private LayerRates() {}

  /**
   * The multipliers of a job.
   *
   * @throws io.stoker.failure.InputException if the config names a layer that the model does not
   *     have, or has several of, or if nothing learns
   */
  public static RateMultipliers of(TrainingConfig config, ModelSpec model) {
    float biasRate = (float) config.optimizer().biasRate();
    float scaleRate = (float) config.optimizer().scaleRate();
    List<Float> factors =
        new ArrayList<>(
            RateMultipliers.freezing(
                    model,
                    frozenParameters(config.initialization().freeze(), model),
                    biasRate,
                    scaleRate)
                .tensors());
    Set<String> named = new HashSet<>();
    for (Map.Entry<String, Double> rate : config.optimizer().layerRates().entrySet()) {
      List<Placed> layers = LayerReference.find(model, rate.getKey());
      Check.input(
          layers.stream().anyMatch(layer -> !layer.parameters().isEmpty()),
          "Invalid layer rate: layer %s of model %s (%s) has no parameters",
          layers.get(0).path(),
          model.name(),
          layers.get(0).layer().label());
      for (Placed layer : layers.stream().flatMap(Placed::leaves).toList()) {
        Check.input(
            named.add(layer.path()),
            "Two rates for layer %s of model %s",
            layer.path(),
            model.name());
        int first = firstTensor(model, layer);
        for (int i = first; i < first + layer.parameters().size(); i++) {
          factors.set(i, factors.get(i) * rate.getValue().floatValue());
        }
      }
    }
    Check.input(
        factors.stream().anyMatch(factor -> factor > 0),
        "Nothing in model %s would learn: all its layers have the rate 0",
        model.name());
    return new RateMultipliers(factors);
  }

  /** The parameters up to the end of the layer that a user freezes; 0 without one. */
  private static long frozenParameters(String freeze, ModelSpec model) {
    if (freeze.isBlank()) {
      return 0;
    }
    List<Placed> named = LayerReference.find(model, freeze);
    Placed last = named.get(named.size() - 1);
    long frozen = last.parameterOffset() + last.parameterCount();
    Check.input(
        frozen < model.parameterCount(),
        "Cannot freeze layer %s of model %s: no layer with parameters comes after it, and nothing"
            + " would learn",
        freeze,
        model.name());
    return frozen;
  }

  /** The number of tensors before a layer. */
  private static int firstTensor(ModelSpec model, Placed layer) {
    long offset = 0;
    int tensors = 0;
    for (Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        if (offset == layer.parameterOffset()) {
          return tensors;
        }
        offset += tensor.size();
        tensors++;
      }
    }
    return tensors;
  }
}
