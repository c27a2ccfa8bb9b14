// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.io.Serializable;

/**
 * How an engine computes, where it has several ways that differ in the bits of the result. It is
 * part of a job's identity.
 *
 * @param precision the number format of products
 * @param convolution how convolutions are computed
 */
public record Arithmetic(Precision precision, ConvolutionAlgorithm convolution)
    implements Serializable {
  /** fp32, with the fastest algorithms of this processor. */
  public static final Arithmetic FASTEST_FP32 =
      new Arithmetic(Precision.FP32, ConvolutionAlgorithm.AUTO);
}
