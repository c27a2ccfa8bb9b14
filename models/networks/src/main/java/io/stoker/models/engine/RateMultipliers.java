// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.Check;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The factor of the learning rate for each parameter tensor. Krizhevsky's code has 2 for biases; 0
 * keeps a tensor as it is.
 *
 * @param tensors a factor for each tensor of the model, in canonical order
 */
public record RateMultipliers(List<Float> tensors) implements Serializable {
  public RateMultipliers {
    tensors = List.copyOf(tensors);
    for (float factor : tensors) {
      Check.input(
          factor >= 0 && Float.isFinite(factor),
          "Invalid learning rate multiplier: %s (must be >= 0)",
          factor);
    }
  }

  /** 1 for every tensor. */
  public static RateMultipliers ones(ModelSpec model) {
    return new RateMultipliers(
        Collections.nCopies(
            (int) model.placed().stream().mapToLong(p -> p.parameters().size()).sum(), 1f));
  }

  /**
   * Factors by layer and role.
   *
   * @param model the model
   * @param frozenLayers the number of layers, from the first, whose factors are 0
   * @param biases the factor of biases
   */
  public static RateMultipliers of(ModelSpec model, int frozenLayers, float biases) {
    Check.input(
        frozenLayers >= 0 && frozenLayers < model.placed().size(),
        "Invalid number of frozen layers: %d (must be between 0 and %d)",
        frozenLayers,
        model.placed().size() - 1);
    return freezing(model, model.placed().get(frozenLayers).parameterOffset(), biases);
  }

  /**
   * Factors by place and role.
   *
   * @param model the model
   * @param frozenParameters the length of the part of the parameter vector, from its beginning,
   *     whose factors are 0; it ends where a tensor ends
   * @param biases the factor of biases
   */
  public static RateMultipliers freezing(ModelSpec model, long frozenParameters, float biases) {
    return freezing(model, frozenParameters, biases, 1);
  }

  /**
   * Factors by place and role; 0 for filters that whiten.
   *
   * @param model the model
   * @param frozenParameters the length of the part of the parameter vector, from its beginning,
   *     whose factors are 0; it ends where a tensor ends
   * @param biases the factor of biases
   * @param scales the factor of the scales of normalizations
   */
  public static RateMultipliers freezing(
      ModelSpec model, long frozenParameters, float biases, float scales) {
    List<Float> factors = new ArrayList<>();
    long offset = 0;
    for (ModelSpec.Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        float factor =
            switch (tensor.role()) {
              case BIAS -> biases;
              case SCALE -> scales;
              case WEIGHT -> tensor.initializer() == Initializer.Rule.WHITEN ? 0 : 1;
              case STATISTIC -> 1;
            };
        factors.add(offset < frozenParameters ? 0f : factor);
        offset += tensor.size();
      }
    }
    return new RateMultipliers(factors);
  }

  /**
   * The number of layers of the chain, from the first, in which no tensor learns: no gradient is
   * computed for them, and their running statistics stay as they are.
   */
  public int frozenLayers(ModelSpec model) {
    int tensor = 0;
    for (ModelSpec.Placed placed : model.placed()) {
      int next = tensor + placed.parameters().size();
      if (tensors.subList(tensor, next).stream().anyMatch(factor -> factor > 0)) {
        return placed.index();
      }
      tensor = next;
    }
    throw new IllegalArgumentException("Nothing in model " + model.name() + " learns");
  }

  /**
   * The number of parameters before the first plain layer in which a tensor learns, also where it
   * is inside of a block. They need not travel between workers.
   */
  public long frozenParameters(ModelSpec model) {
    int tensor = 0;
    for (ModelSpec.Placed placed : model.leaves()) {
      int next = tensor + placed.parameters().size();
      if (tensors.subList(tensor, next).stream().anyMatch(factor -> factor > 0)) {
        return placed.parameterOffset();
      }
      tensor = next;
    }
    throw new IllegalArgumentException("Nothing in model " + model.name() + " learns");
  }
}
