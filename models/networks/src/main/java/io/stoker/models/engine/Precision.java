// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/** The number format of the products in a network. */
public enum Precision {
  /** IEEE 754 single precision everywhere. */
  FP32,

  /**
   * Mixed precision: inputs and weights of convolutions and dense layers are rounded to bfloat16 (8
   * bits of exponent, as fp32, and 8 of significand) before they are multiplied. Sums, biases,
   * gradients by weights, parameters, updater state and all other layers stay in fp32, and so does
   * each layer that would be slower in bfloat16. With {@link ConvolutionAlgorithm#ROUNDED}, some
   * values between layers are rounded as well.
   */
  BF16,

  /**
   * On NVIDIA GPUs from Ampere on, the inputs and weights of convolutions and dense layers are
   * rounded to TensorFloat-32 (8 bits of exponent, as fp32, and 10 of significand) before they are
   * multiplied; sums and all else are in fp32. No processor has it.
   */
  TF32;

  /**
   * A choice by name.
   *
   * @throws InputException if there is none of this name
   */
  public static Precision parse(String name) {
    return Suggestion.choose("precision", name, List.of(values()), Precision::toString);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
