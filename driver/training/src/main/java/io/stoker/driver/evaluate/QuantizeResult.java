// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.List;

/**
 * What int8 costs a model.
 *
 * @param quantization the layers in int8
 * @param ranges how the ranges of inputs were chosen, such as {@code 99.99 % of the values}
 * @param split the split that accuracy was measured on
 * @param examples how many images it has
 * @param accuracyBefore the accuracy in fp32
 * @param accuracy the accuracy with these layers in int8
 * @param withinGate whether no more is lost than was allowed
 * @param layers each layer that could be in int8, in the order of the model, or, where their loss
 *     was measured, the one that loses most first
 */
public record QuantizeResult(
    Quantization quantization,
    String ranges,
    String split,
    long examples,
    double accuracyBefore,
    double accuracy,
    boolean withinGate,
    List<Layer> layers) {
  /**
   * A layer.
   *
   * @param path its number for users
   * @param label its description
   * @param inInt8 whether it is in int8
   * @param points the percentage points of accuracy that are lost with this layer alone in int8;
   *     NaN where that was not measured
   * @param logLoss by how much the log loss rises then
   */
  public record Layer(String path, String label, boolean inInt8, double points, double logLoss) {
    static Layer unmeasured(ModelSpec.Placed layer) {
      return new Layer(layer.path(), layer.layer().label(), true, Double.NaN, Double.NaN);
    }

    Layer computedIn(Quantization quantization) {
      return new Layer(path, label, quantization.ranges().containsKey(path), points, logLoss);
    }
  }

  public QuantizeResult {
    layers = List.copyOf(layers);
  }

  /** The percentage points of accuracy that are lost; below 0 if there are more. */
  public double points() {
    return points(accuracyBefore, accuracy);
  }

  static double points(double before, double after) {
    return 100 * (before - after);
  }
}
