// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import org.bytedeco.pytorch.Tensor;

/**
 * A layer of one network. Images are {@code [examples, channels, height, width]} with the channels
 * of a pixel next to each other in memory, vectors {@code [examples, features]}. What a forward
 * pass keeps for the backward pass lives until the end of the call.
 */
interface TorchLayer {
  /** Computes the output. */
  Tensor forward(Tensor input, Pass pass);

  /**
   * Computes the gradients by parameters and input; called after {@link #forward} in the same call.
   *
   * @param outputGradient the gradient by the output; the layer does not overwrite it
   * @param inputNeeded whether the gradient by the input is needed
   * @return the gradient by the input; unspecified where it is not needed
   */
  Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded);

  /** Whether the backward pass reads the output, so that the next layer must not overwrite it. */
  default boolean needsOutput() {
    return false;
  }

  /** Whether the layer has parameters, or a layer inside of it. */
  default boolean learns() {
    return false;
  }

  /**
   * The settings of one pass through the network.
   *
   * @param training whether dropout is on, and batch normalization uses the batch's statistics
   */
  record Pass(boolean training) {}
}
