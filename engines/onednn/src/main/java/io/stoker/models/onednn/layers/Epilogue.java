// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.Optional;

/**
 * The layers that a layer computes along with its own output.
 *
 * @param normalization the batch normalization after a convolution, in inference mode; see {@link
 *     RunningStatistics}
 * @param rectified whether a rectifier follows
 * @param rounded whether the output is rounded to bfloat16, see {@link
 *     io.stoker.models.onednn.rules.Rounding}
 * @param next the range of the layer in int8 that reads the output; empty if another layer does
 */
record Epilogue(
    Optional<ModelSpec.Placed> normalization,
    boolean rectified,
    boolean rounded,
    Optional<Quantization.Range> next) {
  static final Epilogue NONE = new Epilogue(Optional.empty(), false, false, Optional.empty());

  /** How many layers. */
  int layers() {
    return (normalization.isPresent() ? 1 : 0) + (rectified ? 1 : 0);
  }

  Optional<RunningStatistics> statistics(FlatVectors vectors) {
    return normalization.map(placed -> new RunningStatistics(vectors, placed));
  }
}
