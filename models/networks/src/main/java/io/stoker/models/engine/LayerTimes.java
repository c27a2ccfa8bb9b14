// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.ModelSpec;
import java.util.Arrays;

/**
 * The time that each layer of one network has taken since the timing began, or since {@link
 * #clear}. Layers are known by {@link ModelSpec.Placed#index}; the time of a block includes those
 * of the layers inside of it. Only the network's thread may use it.
 */
public final class LayerTimes {
  private final long[] forward;
  private final long[] backward;

  /**
   * @param model the model whose layers are timed
   */
  public LayerTimes(ModelSpec model) {
    int layers = model.tree().stream().mapToInt(LayerTimes::count).sum();
    forward = new long[layers];
    backward = new long[layers];
  }

  private static int count(ModelSpec.Placed placed) {
    return 1 + placed.inner().stream().mapToInt(LayerTimes::count).sum();
  }

  /** Adds the time of a layer's forward pass. */
  public void addForward(int layer, long nanoseconds) {
    forward[layer] += nanoseconds;
  }

  /** Adds the time of a layer's backward pass. */
  public void addBackward(int layer, long nanoseconds) {
    backward[layer] += nanoseconds;
  }

  /** The total time of a layer's forward passes, in nanoseconds; 0 if it is not timed. */
  public long forward(int layer) {
    return forward[layer];
  }

  /** The total time of a layer's backward passes, in nanoseconds; 0 if it has none. */
  public long backward(int layer) {
    return backward[layer];
  }

  /** Sets all times to zero. */
  public void clear() {
    Arrays.fill(forward, 0);
    Arrays.fill(backward, 0);
  }
}
