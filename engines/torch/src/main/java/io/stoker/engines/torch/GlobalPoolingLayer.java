// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** {@link io.stoker.models.spec.LayerSpec.GlobalAveragePooling}. */
final class GlobalPoolingLayer implements TorchLayer {
  private Tensor input;

  @Override
  public Tensor forward(Tensor image, Pass pass) {
    input = image;
    return image.dim() == 4 ? image.mean(2, 3) : image.clone();
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    if (!inputNeeded || input.dim() != 4) {
      return outputGradient;
    }
    long pixels = input.size(2) * input.size(3);
    Tensor each = outputGradient.div(new Scalar((double) pixels));
    return NetworkMemory.channelsLast(
        each.view(input.size(0), input.size(1), 1, 1).expand(input.sizes(), false));
  }
}
