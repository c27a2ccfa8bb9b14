// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say how an engine computes. */
final class ArithmeticOptions {
  @Option(
      names = "--precision",
      paramLabel = "fp32|bf16|tf32",
      order = 91,
      description =
          "Multiply in single precision, or round the inputs and weights of convolutions and dense"
              + " layers to bfloat16 where that is faster; needs a processor with avx512_bf16 or"
              + " AMX, or a card. tf32 is for --engine torch --device gpu (default: fp32).")
  Precision precision;

  @Option(
      names = "--convolution",
      paramLabel = "auto|direct|winograd|rearranged|rounded",
      order = 92,
      description =
          "How convolutions are computed. In fp32, winograd is taken for 3x3 convolutions that it"
              + " makes faster, where the processor has AVX-512; rearranged also for others, which"
              + " it rearranges to 3x3. With --precision bf16 on AMX, rounded also keeps values"
              + " between layers in bfloat16. auto is what is the fastest; direct gives the bits of"
              + " releases without Winograd (default: auto).")
  ConvolutionAlgorithm convolution;

  /** What was given, and the defaults for the rest. */
  Arithmetic arithmetic() {
    return new Arithmetic(
        Optional.ofNullable(precision).orElse(Precision.FP32),
        Optional.ofNullable(convolution).orElse(ConvolutionAlgorithm.AUTO));
  }
}
