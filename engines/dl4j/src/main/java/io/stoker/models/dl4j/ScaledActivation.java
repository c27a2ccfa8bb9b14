// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.spec.ActivationFunction;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;

/**
 * An activation function by Deeplearning4j's: {@code amplitude * activation(slope * x)}.
 *
 * @param slope the factor of the input
 * @param activation Deeplearning4j's function
 * @param amplitude the factor of the output
 */
record ScaledActivation(double slope, IActivation activation, double amplitude) {
  /** Multiplies any positive fp32 number above 2e-38 to more than 6. */
  private static final double BEYOND_ALL = 3e38;

  static ScaledActivation of(ActivationFunction function) {
    return switch (function) {
      case SIGMOID -> plain(new ActivationSigmoid());
      case TANH -> plain(new ActivationTanH());
      case RELU -> plain(new ActivationReLU());
      case LEAKY_RELU -> plain(new ActivationLReLU(Decimal.of(ActivationFunction.LEAK)));
      case GELU -> throw new IllegalArgumentException("GELU is several vertices");
      case SILU -> plain(new ActivationSwish());
      case SCALED_TANH ->
          new ScaledActivation(
              Decimal.of(ActivationFunction.TANH_SLOPE),
              new ActivationTanH(),
              Decimal.of(ActivationFunction.TANH_AMPLITUDE));
      // Deeplearning4j has no step function: min(max(0, 3e38 x), 6) / 6 is one.
      case THRESHOLD -> new ScaledActivation(BEYOND_ALL, new ActivationReLU6(), 1 / 6.0);
    };
  }

  private static ScaledActivation plain(IActivation activation) {
    return new ScaledActivation(1, activation, 1);
  }

  /** Whether both factors are 1. */
  boolean isPlain() {
    return slope == 1 && amplitude == 1;
  }
}
