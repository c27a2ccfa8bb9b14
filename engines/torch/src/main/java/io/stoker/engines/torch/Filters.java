// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** A convolution's biases and weights in libtorch's form. */
interface Filters {
  /** The biases {@code [filters]}; empty for a convolution without. */
  Optional<Tensor> bias();

  /** The weights {@code [filters, channels of a group, kernel, kernel]}. */
  Tensor weights();

  /**
   * Copies gradients to the flat vector, those by biases at the end of the pass.
   *
   * @param ofBias of the shape of {@link #bias}; not read without biases
   * @param ofWeights of the shape of {@link #weights}
   */
  void putGradients(Tensor ofBias, Tensor ofWeights);
}
