package io.stoker.models.onednn;

import java.util.Optional;

/**
 * A tensor in two orders. Where both are the same there is nothing to do and one memory.
 *
 * @param from the tensor that is read
 * @param to the tensor that is written
 * @param reorder the copy, unless both are one
 */
record Reorder(Tensor from, Tensor to, Optional<Primitive> reorder) {
  void run() {
    reorder.ifPresent(Primitive::run);
  }
}
