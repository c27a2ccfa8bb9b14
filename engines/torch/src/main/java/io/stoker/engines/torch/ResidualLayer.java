// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.Tensor;

/**
 * {@link io.stoker.models.spec.CompositeSpec.Residual}. The sum overwrites the output of the body,
 * unless the body's backward pass reads it.
 */
final class ResidualLayer implements TorchLayer {
  private final LayerChain body;
  private final LayerChain shortcut;
  private final LayerChain after;

  private Tensor past;
  private Tensor sum;

  /** None of body and shortcut may overwrite the input, which both read. */
  ResidualLayer(LayerChain body, LayerChain shortcut, LayerChain after) {
    this.body = body;
    this.shortcut = shortcut;
    this.after = after;
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    Tensor through = body.forward(input, pass);
    past = shortcut.forward(input, pass);
    Tensor added = past.reshape(through.sizes());
    sum = body.needsOutput() ? through.add(added) : through.add_(added);
    return after.forward(sum, pass);
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    Tensor gradient = after.backward(outputGradient, pass, inputNeeded || insideLearns());
    Tensor byBody = gradient;
    if (inputNeeded || body.learns()) {
      byBody = body.backward(gradient, pass, inputNeeded);
    }
    if (inputNeeded || shortcut.learns()) {
      Tensor byShortcut = shortcut.backward(gradient.reshape(past.sizes()), pass, inputNeeded);
      if (inputNeeded) {
        return byBody.add(byShortcut);
      }
    }
    return byBody;
  }

  private boolean insideLearns() {
    return body.learns() || shortcut.learns();
  }

  @Override
  public boolean needsOutput() {
    return !after.isEmpty() && after.needsOutput();
  }

  @Override
  public boolean learns() {
    return insideLearns() || after.learns();
  }
}
