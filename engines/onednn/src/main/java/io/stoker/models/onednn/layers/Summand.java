// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.Quantization;
import java.util.List;
import java.util.Optional;

/**
 * The shortcut of a residual block in inference, to which the last convolution of the body adds its
 * output. That takes one pass over the values less than a sum after the convolution, and another
 * one with the rectifier.
 *
 * @param values the output of the shortcut, of the same shape as the body's
 * @param range of the values, where they are integers
 * @param isOverwritten whether the sum may overwrite it; else it is copied
 * @param isRectified whether a rectifier is applied to the sum
 */
record Summand(
    Tensor values, Optional<Quantization.Range> range, boolean isOverwritten, boolean isRectified) {
  /** The difference of two values that are neighbours, where they are integers; else 1. */
  float step() {
    return range.map(Quantization.Range::scale).orElse(1f);
  }

  /**
   * The tensor that has the values before the convolution, and the sum after it.
   *
   * @param layout in which the convolution writes
   * @param input what the convolution reads
   * @param forward gets the step that copies the values, where they cannot stay where they are
   */
  Tensor in(Workspace workspace, Layout layout, Tensor input, List<Runnable> forward) {
    Tensor images = workspace.asImages(values);
    if (isOverwritten && images.layout().sameAs(layout) && !values.sharesMemoryWith(input)) {
      return images;
    }
    Tensor sum = workspace.transientTensor(layout);
    boolean becomesFp32 = layout.type() != images.layout().type();
    forward.add(workspace.multiply(images, sum, becomesFp32 ? step() : 1)::run);
    return sum;
  }
}
