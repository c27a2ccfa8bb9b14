// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The gradient by the weights of a large dense layer, which is computed when the update needs it, a
 * few units at a time. For AlexNet's fc6 it has 151 MB: computed as a whole it would be written to
 * memory, and read again by the update; a block of it stays in the processor's cache.
 *
 * <p>It can be computed until the next pass: the layer's input and the gradient by its output are
 * kept for it. Biases have their gradients when all blocks have been computed.
 */
public final class DeferredGradient {
  /** With fewer weights, the whole gradient stays in the processor's cache. */
  private static final long LEAST_WEIGHTS = 1 << 20;

  /** 512 KiB, half of the level-2 cache of an AMD EPYC's core; more where a unit is large. */
  private static final long BLOCK_VALUES = 1 << 17;

  /** With fewer, the matrix product of a block reads more than it computes. */
  private static final int LEAST_UNITS = 8;

  /** A part of the gradient: some units, each with the weights of all inputs. */
  interface Block {
    /** Computes the values, and the gradients by the biases of these units. */
    void compute();

    /** Is called after the update of the weights of these units. */
    void updated();
  }

  private final ModelSpec.Placed placed;
  private final Tensor values;
  private final List<Block> blocks;

  /** Null where layers are not timed. */
  private LayerTimes times;

  /**
   * @param placed the layer
   * @param values where each block is computed
   * @param blocks in the order of the units
   */
  DeferredGradient(ModelSpec.Placed placed, Tensor values, List<Block> blocks) {
    this.placed = placed;
    this.values = values;
    this.blocks = List.copyOf(blocks);
  }

  /**
   * The number of weights of each layer whose gradient is deferred, by the first one's offset.
   * There are none without AVX-512: on AVX2 oneDNN sums in an order that depends on the number of
   * units, so that jobs would get other bits.
   */
  public static SortedMap<Long, Long> weights(
      InstructionSet set, ModelSpec model, RateMultipliers rates) {
    SortedMap<Long, Long> weights = new TreeMap<>();
    if (!set.hasAvx512()) {
      return weights;
    }
    int tensor = 0;
    for (ModelSpec.Placed placed : model.leaves()) {
      if (placed.layer() instanceof LayerSpec.Dense
          && rates.tensors().get(tensor) > 0
          && placed.parameters().get(0).size() >= LEAST_WEIGHTS
          && units(placed) >= LEAST_UNITS
          && units(placed) % 2 == 0) { // Values of two bytes begin at addresses of four.
        weights.put(placed.parameterOffset(), placed.parameters().get(0).size());
      }
      tensor += placed.parameters().size();
    }
    return weights;
  }

  /** The units of a block, which divides the units of the layer. */
  public static int units(ModelSpec.Placed placed) {
    int all = placed.output().features();
    long fitting = Math.max(LEAST_UNITS, BLOCK_VALUES / placed.input().features());
    int units = (int) Math.min(all, fitting);
    while (all % units != 0) {
      units--;
    }
    return units;
  }

  /** The index of the first weight in the flat vectors. */
  public long offset() {
    return placed.parameterOffset();
  }

  /** Adds the time of each computation to that of the layer's backward pass, from now on. */
  void time(LayerTimes measured) {
    times = measured;
  }

  private void compute(Block block) {
    long start = System.nanoTime();
    block.compute();
    if (times != null) {
      times.addBackward(placed.index(), System.nanoTime() - start);
    }
  }

  /** What is done with a block. */
  public interface Use {
    /**
     * Uses a block.
     *
     * @param gradient has its values
     * @param first the index of the first one there
     * @param from the index of the first one in the flat vectors
     * @param size the number of values
     */
    void of(FloatBuffer gradient, int first, int from, int size);
  }

  /** Computes one block after the other, for each of which the weights may be updated. */
  public void update(Use use) {
    int from = Math.toIntExact(offset());
    FloatBuffer gradient = values.buffer();
    for (int i = 0; i < blocks.size(); i++) {
      compute(blocks.get(i));
      use.of(gradient, 0, from, gradient.capacity());
      blocks.get(i).updated();
      from += gradient.capacity();
    }
  }

  /** Computes the whole gradient. */
  public void write(FlatVectors vectors) {
    FloatBuffer target = vectors.gradientBuffer();
    FloatBuffer gradient = values.buffer();
    int from = Math.toIntExact(offset());
    for (Block block : blocks) {
      compute(block);
      target.put(from, gradient, 0, gradient.capacity());
      from += gradient.capacity();
    }
  }
}
