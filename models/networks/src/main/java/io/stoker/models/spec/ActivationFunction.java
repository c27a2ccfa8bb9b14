// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

/** The non-linearities that a model can have. */
public enum ActivationFunction {
  /**
   * {@code 1 if x > 0 else 0} (McCulloch and Pitts, 1943). Its derivative is 0: for inference only.
   */
  THRESHOLD("threshold"),
  /** {@code 1 / (1 + e^-x)}. */
  SIGMOID("sigmoid"),
  /** {@code tanh(x)}. */
  TANH("tanh"),
  /** {@code 1.7159 tanh(2x/3)} (LeCun et al., 1998, appendix A). */
  SCALED_TANH("scaled-tanh"),
  /** {@code max(0, x)} (Nair and Hinton, 2010). */
  RELU("relu"),
  /** {@code x if x > 0 else 0.01 x} (Maas et al., 2013). */
  LEAKY_RELU("leaky-relu"),
  /**
   * {@code x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}: the approximation of x times the
   * normal distribution function that Hendrycks and Gimpel, 2016, section 2, give. It differs from
   * the exact form by less than 0.0005.
   */
  GELU("gelu"),
  /** {@code x / (1 + e^-x)} (Elfwing et al., 2018), also called swish. */
  SILU("silu");

  /** The factor of {@link #SCALED_TANH}'s output. */
  public static final float TANH_AMPLITUDE = 1.7159f;

  /** The factor of {@link #SCALED_TANH}'s input. */
  public static final float TANH_SLOPE = 2f / 3f;

  /** The slope of {@link #LEAKY_RELU} for negative values. */
  public static final float LEAK = 0.01f;

  /**
   * {@code 2 sqrt(2 / pi)}: {@link #GELU} is {@code x * sigmoid(GELU_SLOPE x + GELU_CUBIC x^3)}.
   */
  public static final float GELU_SLOPE = 1.595769f;

  /** The factor of the cube in {@link #GELU}. */
  public static final float GELU_CUBIC = 0.044715f * GELU_SLOPE;

  private final String label;

  ActivationFunction(String label) {
    this.label = label;
  }

  /** The function's name in YAML files and tables. */
  public String label() {
    return label;
  }

  /**
   * Whether the function is a rectifier, or a smooth one, for which {@link Initializer.Rule#HE} is.
   */
  boolean isRectifier() {
    return switch (this) {
      case RELU, LEAKY_RELU, GELU, SILU -> true;
      case THRESHOLD, SIGMOID, TANH, SCALED_TANH -> false;
    };
  }
}
