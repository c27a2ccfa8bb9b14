// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import java.util.function.IntFunction;

/**
 * A model for batches of several sizes. oneDNN compiles primitives for one batch size; so the model
 * is compiled once for the full batch, and once more for the last smaller batch (the last batch of
 * an epoch is smaller), each when it is first needed.
 */
public final class CompiledSizes implements AutoCloseable {
  private final int fullBatch;
  private final IntFunction<CompiledModel> compiler;

  /** Null until the first full batch. */
  private CompiledModel full;

  /** The model for the last smaller batch; null until there is one. */
  private CompiledModel smaller;

  /** Null where layers are not timed. */
  private LayerTimes times;

  /**
   * @param fullBatch the number of examples of a full batch
   * @param compiler compiles the model for a number of examples
   */
  public CompiledSizes(int fullBatch, IntFunction<CompiledModel> compiler) {
    this.fullBatch = fullBatch;
    this.compiler = compiler;
  }

  /** The model for a number of examples. */
  public CompiledModel of(int examples) {
    if (examples == fullBatch) {
      if (full == null) {
        full = compiler.apply(examples);
        timeFullBatches();
      }
      return full;
    }
    if (smaller == null || smaller.examples() != examples) {
      if (smaller != null) {
        smaller.close();
        smaller = null;
      }
      smaller = compiler.apply(examples);
    }
    return smaller;
  }

  /** Times each layer in passes over full batches, from now on. */
  public void timeLayers(LayerTimes measured) {
    times = measured;
    timeFullBatches();
  }

  private void timeFullBatches() {
    if (full != null && times != null) {
      full.timeLayers(times);
    }
  }

  /** Frees the models; the next call compiles one again. */
  @Override
  public void close() {
    if (full != null) {
      full.close();
      full = null;
    }
    if (smaller != null) {
      smaller.close();
      smaller = null;
    }
  }
}
