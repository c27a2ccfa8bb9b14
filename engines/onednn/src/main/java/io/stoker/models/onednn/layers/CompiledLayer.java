// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Tensor;

/** A layer compiled for one batch size. The network's {@link Workspace} owns its tensors. */
interface CompiledLayer {
  /** The layer's output. */
  Tensor output();

  /** Whether the backward pass reads the output, so that the next layer must not overwrite it. */
  default boolean needsOutput() {
    return false;
  }

  /** Whether the backward pass reads the input, so that it must last until then. */
  default boolean needsInput() {
    return true;
  }

  /** Whether {@link #backward} overwrites the gradient by the output. */
  default boolean overwritesOutputGradient() {
    return false;
  }

  /**
   * Makes sure that {@link #backward} computes the derivative in inference mode as well.
   *
   * @throws io.stoker.failure.InputException if it does not
   */
  default void requireInferenceGradient() {}

  /** Times the passes of the layers inside of this one, from now on. */
  default void timeInnerLayers(LayerTimes times) {}

  /** Computes the output from the input. */
  void forward(Pass pass);

  /**
   * Compiles the backward pass; called once, before the first {@link #backward}.
   *
   * @param outputGradient where the next layer writes the loss's gradient by this layer's output
   * @param inputGradientNeeded whether a layer before this one learns. If not, a layer with
   *     parameters may leave out the gradient by its input, and layers without parameters are not
   *     compiled
   * @return where {@link #backward} writes the gradient by this layer's input; unspecified where it
   *     is not needed
   */
  Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded);

  /** Computes the gradients by parameters and input from the gradient by the output. */
  void backward(Pass pass);

  /** The settings of a pass through the network. A model has one object for all its steps. */
  final class Pass {
    static final Pass INFERENCE = new Pass(false);

    private final boolean training;
    private long seed;

    private Pass(boolean training) {
      this.training = training;
    }

    static Pass training() {
      return new Pass(true);
    }

    /** Sets the seed that decides which units are dropped. */
    Pass withSeed(long dropoutSeed) {
      seed = dropoutSeed;
      return this;
    }

    /** Whether dropout is on. */
    boolean isTraining() {
      return training;
    }

    long seed() {
      return seed;
    }
  }
}
