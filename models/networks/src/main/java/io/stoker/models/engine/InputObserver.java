// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.Quantization;
import java.nio.FloatBuffer;

/** Sees the inputs of the layers that can be computed in int8, see {@link Quantization}. */
@FunctionalInterface
public interface InputObserver {
  /**
   * A layer is about to read its input.
   *
   * @param layer the layer's path
   * @param input all values of the batch, in row-major order; valid during the call
   */
  void observe(String layer, FloatBuffer input);
}
