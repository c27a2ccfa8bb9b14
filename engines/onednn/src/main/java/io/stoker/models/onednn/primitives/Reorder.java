// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.primitives;

import io.stoker.models.onednn.memory.Tensor;
import java.util.Optional;

/**
 * A tensor in two layouts. If both are the same, it is one tensor, and there is nothing to copy.
 *
 * @param from the tensor that is read
 * @param to the tensor that is written
 * @param reorder copies one to the other; empty if both are one tensor
 */
public record Reorder(Tensor from, Tensor to, Optional<Primitive> reorder) {
  public void run() {
    reorder.ifPresent(Primitive::run);
  }
}
