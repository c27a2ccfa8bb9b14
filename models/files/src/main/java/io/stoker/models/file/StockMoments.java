// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The moments of AdamW in the order of Deeplearning4j's {@code BaseMultiLayerUpdater}: for each
 * block of neighbouring parameters with equal updaters the first moments, and then the second.
 * Between the blocks are parameters whose updater has no state: running statistics, and filters
 * that whiten.
 *
 * @param parameters the number of parameters
 * @param blocks the blocks in the order of the canonical vector
 */
record StockMoments(long parameters, List<Block> blocks) {
  private static final int MOMENTS = 2;

  /**
   * Neighbouring parameters with moments.
   *
   * @param first the place of the first in the canonical vector
   * @param count their number
   */
  record Block(long first, long count) {}

  static StockMoments of(ModelSpec model) {
    List<Block> blocks = new ArrayList<>();
    long first = 0;
    long place = 0;
    for (ModelSpec.Placed layer : model.placed()) {
      for (ParameterSpec tensor : layer.parameters()) {
        if (!hasMoments(tensor)) {
          blocks.add(new Block(first, place - first));
          first = place + tensor.size();
        }
        place += tensor.size();
      }
    }
    blocks.add(new Block(first, place - first));
    blocks.removeIf(block -> block.count() == 0);
    return new StockMoments(place, List.copyOf(blocks));
  }

  private static boolean hasMoments(ParameterSpec tensor) {
    return tensor.role() != ParameterSpec.Role.STATISTIC
        && tensor.initializer() != Initializer.Rule.WHITEN;
  }

  /** Whether the order is that of the canonical vectors, one after the other. */
  boolean isCanonical() {
    return blocks.equals(List.of(new Block(0, parameters)));
  }

  /** The number of moments. */
  long count() {
    return MOMENTS * blocks.stream().mapToLong(Block::count).sum();
  }

  /**
   * The moments in Deeplearning4j's order.
   *
   * @param canonical the first moments of all parameters, and then the second
   */
  VectorSource of(VectorSource canonical) {
    return (offset, target) -> {
      int start = target.position();
      long begin = 0;
      for (Block block : blocks) {
        for (int moment = 0; moment < MOMENTS; moment++) {
          long within = offset + target.position() - start - begin;
          if (target.hasRemaining() && within >= 0 && within < block.count()) {
            int length = (int) Math.min(target.remaining(), block.count() - within);
            FloatBuffer part = target.slice(target.position(), length);
            canonical.read(moment * parameters + block.first() + within, part);
            target.position(target.position() + length);
          }
          begin += block.count();
        }
      }
    };
  }
}
