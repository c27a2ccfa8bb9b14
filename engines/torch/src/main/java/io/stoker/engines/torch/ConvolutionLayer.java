// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.Window;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link io.stoker.models.spec.LayerSpec.Convolution} and {@link
 * io.stoker.models.spec.LayerSpec.DepthwiseConvolution}: oneDNN on processors, cuDNN on GPUs.
 */
final class ConvolutionLayer implements TorchLayer {
  private static final boolean TRANSPOSED = false;

  private final Products products;
  private final Filters filters;
  private final Margins margins;
  private final long[] strides;
  private final long[] dilations;
  private final long[] outputPadding = new long[2];
  private final long[] biasSizes;
  private final int groups;

  private Tensor input;
  private Tensor image;
  private Tensor weights;

  /**
   * @param outputs the number of filters
   * @param groups the number of parts into which channels and filters are split
   */
  ConvolutionLayer(NetworkMemory memory, Filters filters, Window window, int outputs, int groups) {
    products = memory.settings().products();
    this.filters = filters;
    margins = Margins.of(window, Integer.MAX_VALUE);
    strides = new long[] {window.stride(), window.stride()};
    dilations = new long[] {window.dilation(), window.dilation()};
    biasSizes = new long[] {outputs};
    this.groups = groups;
  }

  @Override
  public Tensor forward(Tensor source, Pass pass) {
    input = source;
    image = products.rounded(margins.add(BranchesLayer.asImage(source), 0));
    weights = products.rounded(filters.weights());
    Tensor output =
        torch.convolution(
            image,
            weights,
            filters
                .bias()
                .map(products::rounded)
                .map(TensorOptional::new)
                .orElseGet(TensorOptional::new),
            strides,
            margins.inside(),
            dilations,
            TRANSPOSED,
            outputPadding,
            groups);
    return NetworkMemory.channelsLast(products.widened(output));
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    BoolPointer wanted = new BoolPointer(3);
    boolean biased = filters.bias().isPresent();
    wanted.put(0, inputNeeded).put(1, pass.training()).put(2, pass.training() && biased);
    T_TensorTensorTensor_T gradients =
        torch.convolution_backward(
            products.rounded(outputGradient),
            image,
            weights,
            biasSizes,
            strides,
            margins.inside(),
            dilations,
            TRANSPOSED,
            outputPadding,
            groups,
            wanted);
    if (pass.training()) {
      filters.putGradients(gradients.get2(), gradients.get1());
    }
    return inputNeeded
        ? margins
            .remove(NetworkMemory.channelsLast(products.widened(gradients.get0())))
            .reshape(input.sizes())
        : outputGradient;
  }

  @Override
  public boolean learns() {
    return true;
  }
}
