// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.base.SplitMix64;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.LayerSpec;
import java.nio.FloatBuffer;

/**
 * {@link LayerSpec.Dropout}. Whether a unit is dropped is a hash of the pass's seed, the layer and
 * the unit's place in memory. So the backward pass computes it again, and no mask is stored.
 */
final class CompiledDropout implements CompiledLayer {
  private final int layerIndex;
  private final float scale;
  private final long threshold;
  private final Tensor input;
  private final Tensor output;
  private Tensor gradient;

  CompiledDropout(Workspace workspace, int layerIndex, LayerSpec.Dropout layer, Tensor input) {
    this.layerIndex = layerIndex;
    scale = 1 / (1 - layer.probability());
    threshold = (long) (layer.probability() * (double) (1L << 32));
    this.input = input;
    output = workspace.tensor(input.layout());
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void forward(Pass pass) {
    if (pass.isTraining()) {
      drop(input.buffer(), output.buffer(), pass.seed());
    } else {
      output.buffer().put(0, input.buffer(), 0, input.buffer().capacity());
    }
  }

  @Override
  public boolean overwritesOutputGradient() {
    return true;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    gradient = outputGradient;
    return outputGradient;
  }

  @Override
  public void backward(Pass pass) {
    if (pass.isTraining()) {
      drop(gradient.buffer(), gradient.buffer(), pass.seed());
    }
  }

  private void drop(FloatBuffer from, FloatBuffer to, long seed) {
    long state = SplitMix64.scramble(seed + SplitMix64.GOLDEN_GAMMA * (layerIndex + 1));
    for (int i = 0; i < from.capacity(); i++) {
      state += SplitMix64.GOLDEN_GAMMA;
      boolean dropped = SplitMix64.scramble(state) >>> 32 < threshold;
      to.put(i, dropped ? 0 : from.get(i) * scale);
    }
  }
}
