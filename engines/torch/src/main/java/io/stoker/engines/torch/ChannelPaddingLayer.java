// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** {@link io.stoker.models.spec.LayerSpec.ChannelPadding}: zeros after the input's channels. */
final class ChannelPaddingLayer implements TorchLayer {
  private final long channels;
  private long[] sizes;

  /**
   * @param channels the number of channels of the output
   */
  ChannelPaddingLayer(int channels) {
    this.channels = channels;
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    sizes = new long[(int) input.dim()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = input.size(i);
    }
    long[] more = sizes.clone();
    more[1] = channels - sizes[1];
    Tensor padded = torch.cat(new TensorVector(input, input.new_zeros(more)), 1);
    return sizes.length == 4 ? NetworkMemory.channelsLast(padded) : padded;
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    Tensor part = outputGradient.narrow(1, 0, sizes[1]).reshape(sizes);
    return sizes.length == 4 ? NetworkMemory.channelsLast(part) : part.contiguous();
  }
}
