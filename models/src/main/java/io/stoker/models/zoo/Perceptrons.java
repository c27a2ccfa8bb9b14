// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;

/** Networks of dense layers only; they take images of any shape. */
final class Perceptrons {
  private Perceptrons() {}

  /**
   * One layer of units over the pixels: Rosenblatt, 1958, "The Perceptron", with a softmax in place
   * of the thresholds, so that gradient descent can train it. On MNIST the linear classifier of
   * LeCun et al., 1998, section III.C.1.
   */
  static ModelSpec single(Shape input, int classes) {
    return new ModelSpec(
        "perceptron", input, List.of(new Dense(classes, new Initializer.Glorot(), 0)));
  }

  /**
   * One hidden layer of 300 units: the 28x28-300-10 network of LeCun et al., 1998, section III.C.3,
   * with today's rectified units.
   */
  static ModelSpec shallow(Shape input, int classes) {
    return multilayer(
        "mlp-shallow", input, classes, ActivationFunction.RELU, new Initializer.He(), 300);
  }

  /**
   * Hidden layers of 1500, 1000 and 500 units: network 2 of Ciresan et al., 2010, "Deep, Big,
   * Simple Neural Nets for Handwritten Digit Recognition", table 1, with the paper's scaled tanh.
   * The first weights are Glorot's; the paper's are uniform in +-0.05.
   */
  static ModelSpec deep(Shape input, int classes) {
    return multilayer(
        "mlp-deep",
        input,
        classes,
        ActivationFunction.SCALED_TANH,
        new Initializer.Glorot(),
        1500,
        1000,
        500);
  }

  private static ModelSpec multilayer(
      String name,
      Shape input,
      int classes,
      ActivationFunction function,
      Initializer weights,
      int... hidden) {
    List<LayerSpec> layers = new ArrayList<>();
    for (int units : hidden) {
      layers.add(new Dense(units, weights, 0));
      layers.add(new Activation(function));
    }
    layers.add(new Dense(classes, new Initializer.Glorot(), 0));
    return new ModelSpec(name, input, layers);
  }
}
