// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** {@link LayerSpec.Scaling}. */
final class ScalingLayer implements TorchLayer {
  private final float factor;

  ScalingLayer(LayerSpec.Scaling layer) {
    factor = layer.factor();
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    return input.mul(new Scalar(factor));
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    return outputGradient.mul(new Scalar(factor));
  }
}
