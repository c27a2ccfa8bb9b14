package io.stoker.models.engine;

import java.util.Arrays;

/**
 * What the layers of one network took since they have been timed, or since {@link #clear}. Belongs
 * to the network's thread.
 */
public final class LayerTimes {
  private final long[] forward;
  private final long[] backward;

  /**
   * @param layers how many layers there are
   */
  public LayerTimes(int layers) {
    forward = new long[layers];
    backward = new long[layers];
  }

  /** Adds a forward pass of a layer. */
  public void addForward(int layer, long nanoseconds) {
    forward[layer] += nanoseconds;
  }

  /** Adds a backward pass of a layer. */
  public void addBackward(int layer, long nanoseconds) {
    backward[layer] += nanoseconds;
  }

  /** The forward passes of a layer, in nanoseconds. */
  public long forward(int layer) {
    return forward[layer];
  }

  /** The backward passes of a layer, in nanoseconds; 0 for one that does not learn. */
  public long backward(int layer) {
    return backward[layer];
  }

  /** Forgets all passes. */
  public void clear() {
    Arrays.fill(forward, 0);
    Arrays.fill(backward, 0);
  }
}
