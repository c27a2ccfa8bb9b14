// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Tensor;

/**
 * A layer that the layer before it computes along with its own output; backward either that layer
 * as well or the one after it. Or a layer that does nothing in inference.
 *
 * @param output of both
 */
record FusedLayer(Tensor output) implements CompiledLayer {
  @Override
  public void forward(Pass pass) {}

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    return outputGradient;
  }

  @Override
  public void backward(Pass pass) {}
}
