// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.Rearrangement;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * The descriptions of oneDNN's operations for a group of a {@link Rearrangement}, and the layouts
 * of what they read and write.
 *
 * @param shape the rearrangement
 * @param kernel the algorithm, and the type of the factors
 * @param purpose training or inference
 * @param rounded whether the output, and the gradient by it, have the type of the factors
 */
record RearrangedOperations(Rearrangement shape, Kernel kernel, Purpose purpose, boolean rounded) {
  private static final long[] ONE = {1, 1};
  private static final long[] NO_PADDING = {0, 0};

  private boolean isBfloat16() {
    return kernel == Kernel.REARRANGED_BF16;
  }

  /** Whether the inputs that the forward pass multiplied are kept for the backward pass. */
  boolean keepsFactors() {
    return isBfloat16() && purpose == Purpose.TRAINING;
  }

  /** The weights of the other convolution: {@code [filters, other channels, 3, 3]}. */
  Layout weights() {
    return Layout.plain(
        shape.filters(), shape.otherChannels(), Rearrangement.TAPS, Rearrangement.TAPS);
  }

  /** Values in the shape of the output, for some examples and channels. */
  Layout images(long examples, long channels) {
    long[] dimensions = {examples, channels, shape.output().height(), shape.output().width()};
    return isBfloat16() // AMX multiplies the channels of a pixel.
        ? Layout.channelsLast(rounded ? kernel.factorType() : dnnl.dnnl_f32, dimensions)
        : Layout.blocked(dimensions);
  }

  /** The layout of a factor: the given one in fp32; in bf16 oneDNN's primitive chooses it. */
  private Layout factors(Layout layout) {
    return isBfloat16() ? layout.anyOrderOf(kernel.factorType()) : layout;
  }

  private Layout inputFactors(long examples) {
    return factors(RearrangedImages.layout(shape, examples));
  }

  private Layout weightFactors() {
    return weights().anyOrderOf(kernel.factorType());
  }

  Pointer forward(long examples) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_convolution_forward_desc_init(
            description,
            purpose.forwardKind(),
            kernel.convolution(),
            inputFactors(examples).descriptor(),
            weightFactors().descriptor(),
            Layout.plain(shape.filters()).descriptor(),
            images(examples, shape.filters()).descriptor(),
            ONE,
            NO_PADDING,
            NO_PADDING),
        "describe a convolution");
    return description;
  }

  Pointer weightsGradient(long examples) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_convolution_backward_weights_desc_init(
            description,
            kernel.convolution(),
            inputFactors(examples).descriptor(),
            weights().anyOrder().descriptor(),
            Layout.plain(shape.filters()).descriptor(),
            factors(images(examples, shape.filters())).descriptor(),
            ONE,
            NO_PADDING,
            NO_PADDING),
        "describe a convolution's weight gradient");
    return description;
  }

  Pointer inputGradient(long examples) {
    Layout layout = RearrangedImages.layout(shape, examples);
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_convolution_backward_data_desc_init(
            description,
            kernel.convolution(),
            (isBfloat16() ? layout.anyOrder() : layout).descriptor(),
            weightFactors().descriptor(),
            factors(images(examples, shape.filters())).descriptor(),
            ONE,
            NO_PADDING,
            NO_PADDING),
        "describe a convolution's input gradient");
    return description;
  }
}
