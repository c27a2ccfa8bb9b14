// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** {@link LayerSpec.Dropout}. */
final class DropoutLayer implements TorchLayer {
  private final DropoutMasks.OfLayer units;
  private final double scale;

  private Tensor kept;

  DropoutLayer(DropoutMasks.OfLayer units, LayerSpec.Dropout layer) {
    this.units = units;
    scale = 1 / (1 - layer.probability());
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    if (!pass.training()) {
      return input;
    }
    kept = units.kept(input);
    return masked(input);
  }

  /** {@code kept ? scale * values : 0}, which the gradient is too. */
  private Tensor masked(Tensor values) {
    return torch.native_dropout_backward(values, kept, scale);
  }

  @Override
  public boolean needsOutput() {
    return true; // In inference, the output is the input, which the layer before may read.
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    return pass.training() ? masked(outputGradient) : outputGradient;
  }
}
