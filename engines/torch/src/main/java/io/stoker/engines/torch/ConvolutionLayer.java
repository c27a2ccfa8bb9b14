// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Window;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** {@link LayerSpec.Convolution}: oneDNN on processors, cuDNN on cards. */
final class ConvolutionLayer implements TorchLayer {
  private static final boolean TRANSPOSED = false;

  private final Filters filters;
  private final Margins margins;
  private final long[] strides;
  private final long[] dilations;
  private final long[] outputPadding = new long[2];
  private final long[] biasSizes;
  private final int groups;

  private Tensor image;
  private Tensor weights;

  ConvolutionLayer(FlatVectors vectors, ModelSpec.Placed placed, LayerSpec.Convolution layer) {
    Window window = layer.window();
    filters = new Filters(vectors, placed, layer);
    margins = Margins.of(window, Integer.MAX_VALUE);
    strides = new long[] {window.stride(), window.stride()};
    dilations = new long[] {window.dilation(), window.dilation()};
    biasSizes = new long[] {layer.filters()};
    groups = layer.groups();
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    image = margins.add(input, 0);
    weights = filters.weights();
    return Place.channelsLast(
        torch.convolution(
            image,
            weights,
            new TensorOptional(filters.bias()),
            strides,
            margins.inside(),
            dilations,
            TRANSPOSED,
            outputPadding,
            groups));
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    BoolPointer wanted = new BoolPointer(3);
    wanted.put(0, inputNeeded).put(1, pass.training()).put(2, pass.training());
    T_TensorTensorTensor_T gradients =
        torch.convolution_backward(
            outputGradient,
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
    return inputNeeded ? margins.remove(gradients.get0()) : outputGradient;
  }
}
