// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Pooling.Kind;
import io.stoker.models.spec.Window;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link LayerSpec.Pooling}. The backward pass reads where the forward pass found the maxima: the
 * numbers of pixels, which are the same in each memory order.
 */
final class PoolingLayer implements TorchLayer {
  private static final boolean ROUND_UP = false;
  private static final boolean COUNT_PADDING = true;

  private final boolean maximum;
  private final boolean rowMajor;
  private final Margins margins;
  private final long[] kernel;
  private final long[] strides;
  private final long[] dilations = {1, 1};

  private Tensor image;
  private Tensor places;

  PoolingLayer(NetworkMemory memory, LayerSpec.Pooling layer) {
    Window window = layer.window();
    maximum = layer.kind() == Kind.MAXIMUM;
    rowMajor = maximum && memory.settings().rowMajorPooling();
    margins = Margins.of(window, window.kernel() / 2);
    kernel = new long[] {window.kernel(), window.kernel()};
    strides = new long[] {window.stride(), window.stride()};
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    image = margins.add(input, maximum ? Double.NEGATIVE_INFINITY : 0);
    if (!maximum) {
      return torch.avg_pool2d(
          image, kernel, strides, margins.inside(), ROUND_UP, COUNT_PADDING, new LongOptional());
    }
    T_TensorTensor_T pooled =
        torch.max_pool2d_with_indices(
            image, kernel, strides, margins.inside(), dilations, ROUND_UP);
    places = pooled.get1();
    return NetworkMemory.channelsLast(pooled.get0());
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    if (!inputNeeded) {
      return outputGradient;
    }
    Tensor gradient =
        maximum
            ? byMaxima(outputGradient)
            : torch.avg_pool2d_backward(
                outputGradient,
                image,
                kernel,
                strides,
                margins.inside(),
                ROUND_UP,
                COUNT_PADDING,
                new LongOptional());
    return NetworkMemory.channelsLast(margins.remove(gradient));
  }

  /** libtorch takes the memory order from the image, whose values it does not read. */
  private Tensor byMaxima(Tensor outputGradient) {
    return torch.max_pool2d_with_indices_backward(
        rowMajor ? outputGradient.contiguous() : outputGradient,
        rowMajor ? image.new_empty(image.sizes()) : image,
        kernel,
        strides,
        margins.inside(),
        dilations,
        ROUND_UP,
        rowMajor ? places.contiguous() : places);
  }
}
