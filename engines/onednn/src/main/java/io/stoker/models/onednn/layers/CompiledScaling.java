// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.LayerSpec;

/** {@link LayerSpec.Scaling}. */
final class CompiledScaling extends SequencedLayer {
  private final Workspace workspace;
  private final float factor;
  private final Tensor output;

  /**
   * @param overwrite whether the output may overwrite the input: true unless the layer before reads
   *     it in its backward pass
   */
  CompiledScaling(Workspace workspace, LayerSpec.Scaling layer, Tensor input, boolean overwrite) {
    this.workspace = workspace;
    factor = layer.factor();
    output = overwrite ? input : workspace.transientTensor(input.layout());
    forward.add(CompiledActivation.linear(workspace, factor, input, output));
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public boolean needsInput() {
    return false;
  }

  @Override
  public boolean overwritesOutputGradient() {
    return true;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    backward.add(CompiledActivation.linear(workspace, factor, outputGradient, outputGradient));
    return outputGradient;
  }
}
