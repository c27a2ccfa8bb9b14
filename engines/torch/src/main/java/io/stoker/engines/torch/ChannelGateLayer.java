// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.Tensor;

/** {@link io.stoker.models.spec.CompositeSpec.ChannelGate}: channels times factors. */
final class ChannelGateLayer implements TorchLayer {
  private final LayerChain gate;

  private Tensor source;
  private Tensor input;
  private Tensor output;
  private Tensor factors;

  /** The gate may not overwrite the input, which its output scales. */
  ChannelGateLayer(LayerChain gate) {
    this.gate = gate;
  }

  @Override
  public Tensor forward(Tensor image, Pass pass) {
    source = image;
    input = BranchesLayer.asImage(image);
    output = gate.forward(image, pass);
    factors = BranchesLayer.asImage(output);
    return input.mul(factors).reshape(image.sizes());
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    Tensor gradient = BranchesLayer.asImage(outputGradient);
    Tensor byInput = outputGradient;
    if (inputNeeded || gate.learns()) {
      Tensor byFactors = gradient.mul(input).sum(2, 3).reshape(output.sizes());
      byInput = gate.backward(byFactors, pass, inputNeeded);
    }
    return inputNeeded
        ? gradient.mul(factors).reshape(source.sizes()).add(byInput.reshape(source.sizes()))
        : byInput;
  }

  @Override
  public boolean learns() {
    return gate.learns();
  }
}
