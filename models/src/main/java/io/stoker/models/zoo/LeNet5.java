// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;

/**
 * LeNet-5: LeCun, Bottou, Bengio and Haffner, 1998, "Gradient-Based Learning Applied to Document
 * Recognition", section II.B and figure 2. 61,706 parameters for 1 channel and 10 classes.
 *
 * <p>The paper's images are 32x32, digits of 28x28 in a border of background. For images of 28x28,
 * the first convolution adds the border as 2 pixels of padding, which are 0 after normalisation.
 */
final class LeNet5 {
  private LeNet5() {}

  /**
   * The network of 1998: scaled tanh, subsampling by averages. Differences from the paper:
   *
   * <ul>
   *   <li>a subsampling unit is a plain average: the paper's has a trainable coefficient and bias
   *       per map, and a squashing function;
   *   <li>each map of C3 sees all 6 maps of S2: the paper's table I connects some, to save time;
   *   <li>C5, a convolution whose kernel covers its whole 5x5 input, is written as the dense layer
   *       that it is;
   *   <li>the output is a softmax: the paper's are radial basis functions over drawn digits.
   * </ul>
   */
  static ModelSpec original(Shape input, int classes) {
    return model(
        "lenet5",
        input,
        classes,
        ActivationFunction.SCALED_TANH,
        Pooling.Kind.AVERAGE,
        new Initializer.LeCun());
  }

  /** With rectified units and max pooling, as is usual today. */
  static ModelSpec modern(Shape input, int classes) {
    return model(
        "lenet5-modern",
        input,
        classes,
        ActivationFunction.RELU,
        Pooling.Kind.MAXIMUM,
        new Initializer.He());
  }

  private static ModelSpec model(
      String name,
      Shape input,
      int classes,
      ActivationFunction function,
      Pooling.Kind pooling,
      Initializer weights) {
    int border = input.height() == 28 ? 2 : 0;
    Activation activation = new Activation(function);
    return new ModelSpec(
        name,
        input,
        List.of(
            new Convolution(6, Window.of(5).padded(border), 1, weights, 0), // C1
            activation,
            new Pooling(pooling, Window.of(2).by(2)), // S2
            new Convolution(16, Window.of(5), 1, weights, 0), // C3
            activation,
            new Pooling(pooling, Window.of(2).by(2)), // S4
            new Dense(120, weights, 0), // C5
            activation,
            new Dense(84, weights, 0), // F6
            activation,
            new Dense(classes, new Initializer.Glorot(), 0)));
  }
}
