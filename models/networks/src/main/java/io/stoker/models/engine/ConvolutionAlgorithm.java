// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/** How convolutions are computed. Results differ in their last bits. */
public enum ConvolutionAlgorithm {
  /** The last of the other choices for which this processor has code. */
  AUTO,

  /** Every product of the definition is computed. */
  DIRECT,

  /**
   * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016: F(4x4, 3x3), with 4
   * times fewer multiplications. Only for the layers for which it is faster; a rule on the layer's
   * shape decides.
   */
  WINOGRAD,

  /**
   * As {@link #WINOGRAD}; in addition, convolutions of other kernels and strides and in groups are
   * rearranged to several of 3x3 with stride 1, where that is faster.
   */
  REARRANGED,

  /**
   * As {@link #REARRANGED}; in addition, with {@link Precision#BF16}, the output of a convolution
   * is rounded before maximum pooling and local response normalization, which pass it on to a layer
   * that would round it, and so are the gradients between them. The normalization is computed in
   * blocks of channels.
   */
  ROUNDED,

  /**
   * As {@link #ROUNDED}; in addition, with {@link Precision#BF16}, the values before and after
   * batch normalization and the sums of residual blocks are rounded, and so are the gradients by
   * them.
   */
  BLOCKS,

  /**
   * As {@link #BLOCKS}; in addition, with {@link Precision#BF16}, convolutions that the others
   * compute by Winograd's algorithm in fp32 are in bf16 as well.
   */
  BFLOAT16;

  /** Whether it needs a processor that has code for Winograd's algorithm. */
  public boolean isWinograd() {
    return compareTo(WINOGRAD) >= 0;
  }

  /**
   * A choice by name.
   *
   * @throws InputException if there is none of this name
   */
  public static ConvolutionAlgorithm parse(String name) {
    return Suggestion.choose(
        "convolution algorithm", name, List.of(values()), ConvolutionAlgorithm::toString);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
