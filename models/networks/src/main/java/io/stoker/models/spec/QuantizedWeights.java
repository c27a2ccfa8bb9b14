// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

/**
 * Weights of a layer as integers between -127 and 127, with a scale for each output channel: the
 * largest magnitude of the channel's weights is 127.
 */
public final class QuantizedWeights {
  private QuantizedWeights() {}

  /**
   * The scale of a channel's weights.
   *
   * @param largest the largest magnitude of them; for weights that are {@link Quantization#isZero
   *     zero} the scale is 1
   */
  public static float scale(float largest) {
    return Quantization.isZero(largest) ? 1 : largest / Quantization.LARGEST_SIGNED;
  }

  /** A weight as an integer: the nearest one, and of two the even one. */
  public static int integer(float weight, float scale) {
    return (int) Math.rint(weight / scale);
  }
}
