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
 * @param summand what is added to the output, before the rectifier
 */
record Epilogue(
    Optional<ModelSpec.Placed> normalization,
    boolean rectified,
    boolean rounded,
    Optional<Quantization.Range> next,
    Optional<Summand> summand) {
  static final Epilogue NONE =
      new Epilogue(Optional.empty(), false, false, Optional.empty(), Optional.empty());

  /** How many layers, apart from those after a sum. */
  int layers() {
    return (normalization.isPresent() ? 1 : 0) + (rectified && summand.isEmpty() ? 1 : 0);
  }

  Optional<RunningStatistics> statistics(FlatVectors vectors) {
    return normalization.map(placed -> new RunningStatistics(vectors, placed));
  }
}
