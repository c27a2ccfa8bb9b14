// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ModelSpec.Placed;

/** {@link io.stoker.models.spec.CompositeSpec.Sequence} inside of a branch or a residual block. */
final class CompiledSequence implements CompiledLayer {
  private final LayerChain chain;

  CompiledSequence(
      Workspace workspace,
      FlatVectors vectors,
      Placed placed,
      Tensor input,
      boolean overwrite,
      LayerCompiler.Fusion fusion) {
    chain = new LayerChain(workspace, vectors, placed, input, overwrite, fusion);
  }

  @Override
  public Tensor output() {
    return chain.output();
  }

  @Override
  public boolean needsOutput() {
    return chain.needsOutput();
  }

  @Override
  public boolean overwritesOutputGradient() {
    return chain.overwritesOutputGradient();
  }

  @Override
  public void requireInferenceGradient() {
    chain.requireInferenceGradient();
  }

  @Override
  public void timeInnerLayers(LayerTimes times) {
    chain.timeInnerLayers(times);
  }

  @Override
  public void forward(Pass pass) {
    chain.forward(pass);
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    return chain.prepareBackward(outputGradient, inputGradientNeeded);
  }

  @Override
  public void backward(Pass pass) {
    chain.backward(pass);
  }
}
