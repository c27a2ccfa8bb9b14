// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The number format of the products of convolutions and dense layers. */
enum Products {
  /** IEEE 754 single precision. */
  FP32,

  /**
   * On GPUs, factors are rounded to 10 bits of significand inside of cuBLAS and cuDNN, and sums are
   * fp32. Processors compute in fp32.
   */
  TF32,

  /**
   * Factors are rounded to bfloat16, and so are the results of the products, which are summed in
   * fp32: what PyTorch's autocast does. Parameters, gradients by them as they are kept, updater
   * state and all other layers stay in fp32.
   */
  BF16,

  /**
   * All values are IEEE 754 double precision, parameters among them: no job computes so. Tests tell
   * by it what is rounding and what is an error.
   */
  FP64;

  /** The format of parameters, and of all values between layers. */
  ScalarType kept() {
    return this == FP64 ? ScalarType.Double : ScalarType.Float;
  }

  /** A factor in the format of products. */
  Tensor rounded(Tensor factor) {
    return this == BF16 ? factor.to(ScalarType.BFloat16) : factor;
  }

  /** A result in fp32. */
  Tensor widened(Tensor result) {
    return this == BF16 ? result.to(ScalarType.Float) : result;
  }
}
