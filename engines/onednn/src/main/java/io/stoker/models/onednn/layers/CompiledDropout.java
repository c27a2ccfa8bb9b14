// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.base.SplitMix64;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.LayerSpec;
import java.nio.FloatBuffer;
import java.util.OptionalInt;

/**
 * {@link LayerSpec.Dropout}. Whether a unit is dropped is a hash of the pass's seed, the layer and
 * the unit's place in memory. So the backward pass computes it again, and no mask is stored.
 */
final class CompiledDropout implements CompiledLayer {
  private final int layerIndex;
  private final float scale;
  private final long threshold;

  /** How often in a batch something is dropped or kept: for each example; else for each value. */
  private final OptionalInt examples;

  private final Tensor input;
  private final Tensor output;
  private Tensor gradient;

  CompiledDropout(Workspace workspace, int layerIndex, LayerSpec.Dropout layer, Tensor input) {
    this.layerIndex = layerIndex;
    scale = 1 / (1 - layer.probability());
    threshold = (long) (layer.probability() * (double) (1L << 32));
    examples =
        switch (layer.unit()) {
          case VALUE -> OptionalInt.empty();
          case EXAMPLE -> OptionalInt.of((int) input.layout().dimensions()[0]);
        };
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
    int together = from.capacity() / examples.orElse(from.capacity());
    boolean dropped = false;
    for (int i = 0; i < from.capacity(); i++) {
      if (i % together == 0) {
        state += SplitMix64.GOLDEN_GAMMA;
        dropped = SplitMix64.scramble(state) >>> 32 < threshold;
      }
      to.put(i, dropped ? 0 : from.get(i) * scale);
    }
  }
}
