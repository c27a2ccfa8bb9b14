package io.stoker.models.onednn;

import io.stoker.models.spec.LayerSpec;
import java.nio.FloatBuffer;

/**
 * {@link LayerSpec.Dropout}. A unit's fate is a hash of the pass's seed, the layer and the unit's
 * place in memory, so the backward pass computes it again and no mask is stored.
 */
final class DropoutStage implements Stage {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final int layerIndex;
  private final float scale;
  private final long threshold;
  private final Tensor input;
  private final Tensor output;
  private Tensor gradient;

  DropoutStage(Workspace workspace, int layerIndex, LayerSpec.Dropout layer, Tensor input) {
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
    if (pass.training()) {
      drop(input.buffer(), output.buffer(), pass.seed());
    } else {
      output.buffer().put(input.buffer());
    }
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    gradient = outputGradient;
    return outputGradient;
  }

  @Override
  public void backward(Pass pass) {
    if (pass.training()) {
      drop(gradient.buffer(), gradient.buffer(), pass.seed());
    }
  }

  private void drop(FloatBuffer from, FloatBuffer to, long seed) {
    long state = mix(seed + GOLDEN_GAMMA * (layerIndex + 1));
    for (int i = 0; i < from.capacity(); i++) {
      state += GOLDEN_GAMMA;
      boolean dropped = mix(state) >>> 32 < threshold;
      to.put(i, dropped ? 0 : from.get(i) * scale);
    }
  }

  /** The output function of SplitMix64 (Steele et al., 2014). */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
