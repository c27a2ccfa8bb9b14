// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.engine.ConvolutionAlgorithm;
import org.bytedeco.dnnl.global.dnnl;

/** The ways to compute a convolution or a dense layer. */
public enum Kernel {
  /** All products of the definition, in fp32. */
  DIRECT("direct", dnnl.dnnl_f32, dnnl.dnnl_convolution_direct),

  /** Winograd's convolution in fp32, see {@link io.stoker.models.engine.ConvolutionAlgorithm}. */
  WINOGRAD("winograd", dnnl.dnnl_f32, dnnl.dnnl_convolution_winograd),

  /** All products of the definition, of inputs and weights that are rounded to bfloat16. */
  BF16("bf16", dnnl.dnnl_bf16, dnnl.dnnl_convolution_direct),

  /** All products of the definition, of inputs and weights that are integers of 8 bits. */
  INT8("int8", dnnl.dnnl_s8, dnnl.dnnl_convolution_direct),

  /** {@link #WINOGRAD} after a {@link Rearrangement}. */
  REARRANGED("winograd, rearranged", dnnl.dnnl_f32, dnnl.dnnl_convolution_winograd),

  /** {@link #BF16} after a {@link Rearrangement}. */
  REARRANGED_BF16("bf16, rearranged", dnnl.dnnl_bf16, dnnl.dnnl_convolution_direct);

  private final String text;
  private final int factorType;
  private final int convolution;

  Kernel(String text, int factorType, int convolution) {
    this.text = text;
    this.factorType = factorType;
    this.convolution = convolution;
  }

  /** oneDNN's number of the type of the values that are multiplied. */
  public int factorType() {
    return factorType;
  }

  /** oneDNN's number of the convolution algorithm. */
  public int convolution() {
    return convolution;
  }

  /** Whether the convolution is computed after a {@link Rearrangement}. */
  public boolean isRearranged() {
    return this == REARRANGED || this == REARRANGED_BF16;
  }

  /** The kernel of a pass without gradients: {@link #REARRANGED_BF16} is there for gradients. */
  Kernel ofInference() {
    return this == REARRANGED_BF16 ? BF16 : this;
  }

  /** The least choice of algorithms that allows it. */
  public ConvolutionAlgorithm algorithm() {
    return switch (this) {
      case DIRECT, BF16, INT8 -> ConvolutionAlgorithm.DIRECT;
      case WINOGRAD -> ConvolutionAlgorithm.WINOGRAD;
      case REARRANGED, REARRANGED_BF16 -> ConvolutionAlgorithm.REARRANGED;
    };
  }

  @Override
  public String toString() {
    return text;
  }
}
