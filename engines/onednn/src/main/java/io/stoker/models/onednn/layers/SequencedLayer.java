// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import java.util.ArrayList;
import java.util.List;

/** A layer whose passes are sequences of steps that are prepared once. */
abstract class SequencedLayer implements CompiledLayer {
  /** The steps of a forward pass, in order. */
  final List<Runnable> forward = new ArrayList<>();

  /** The steps of a backward pass, in order. */
  final List<Runnable> backward = new ArrayList<>();

  @Override
  public final void forward(Pass pass) {
    forward.forEach(Runnable::run);
  }

  @Override
  public final void backward(Pass pass) {
    backward.forEach(Runnable::run);
  }
}
