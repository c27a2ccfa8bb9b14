// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.Optional;

/**
 * Chooses how each layer is computed. A rule looks at the shape of the layer and never at the
 * clock, so that every process with the same kind of processor chooses the same.
 */
public interface KernelRule {
  /** The kernel of a convolution or a dense layer; of no meaning for other layers. */
  Kernel kernel(ModelSpec.Placed layer);

  /** The kernel of such a layer in a pass without gradients, before which weights are rounded. */
  default Kernel inInference(ModelSpec.Placed layer) {
    return kernel(layer).ofInference();
  }

  /**
   * The range of the input of a layer with {@link Kernel#INT8}, and of a residual block that reads
   * integers; empty for other layers.
   */
  default Optional<Quantization.Range> range(ModelSpec.Placed layer) {
    return Optional.empty();
  }

  /**
   * Whether values between layers are rounded to bfloat16 in training, see {@link Rounding}, and
   * local response normalization is computed in blocks of channels.
   */
  default boolean roundsInTraining() {
    return false;
  }

  /**
   * Whether values before and after batch normalization, and sums of residual blocks, are rounded
   * to bfloat16 in training as well.
   */
  default boolean roundsBlocksInTraining() {
    return false;
  }
}
