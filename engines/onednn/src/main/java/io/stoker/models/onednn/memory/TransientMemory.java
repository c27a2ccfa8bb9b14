// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import io.stoker.base.Division;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Memory for values that are used during a part of a pass only: the gradients between two layers,
 * copies in another order, scratchpads. Values whose lifetimes do not overlap share their memory.
 *
 * <p>The moments of a lifetime are counted while a model is compiled, so that layers must be
 * compiled in the order in which they run. Once all lifetimes are known, {@link #place} chooses the
 * places in an {@link Arena}: the largest values first, each at the lowest place that is free
 * throughout its lifetime.
 */
public final class TransientMemory implements AutoCloseable {
  /**
   * Values, the moments between which they are used, and the bytes from the begin of the memory.
   */
  private static final class Block {
    private final TensorMemory storage = new TensorMemory();
    private final long values;
    private final long bytes;
    private final int begin;
    private int end = Integer.MAX_VALUE;
    private long offset;

    Block(long bytes, int begin) {
      values = Division.ceiling(bytes, Float.BYTES);
      this.bytes = Division.ceiling(bytes, AlignedMemory.ALIGNMENT) * AlignedMemory.ALIGNMENT;
      this.begin = begin;
    }

    boolean livesWith(Block other) {
      return begin <= other.end && other.begin <= end;
    }

    long after() {
      return offset + bytes;
    }
  }

  private final Arena arena;
  private final List<Block> blocks = new ArrayList<>();
  private int moment;
  private long bytes;

  public TransientMemory(Arena arena) {
    this.arena = arena;
  }

  /** The moment now. */
  public int moment() {
    return moment;
  }

  /** Values that are used from now on, with arbitrary content at first. */
  public TensorMemory begin(long bytes) {
    Block block = new Block(bytes, ++moment);
    blocks.add(block);
    return block.storage;
  }

  /** Values that are used at this moment only. */
  public TensorMemory once(long bytes) {
    TensorMemory storage = begin(bytes);
    blocks.get(blocks.size() - 1).end = moment;
    return storage;
  }

  /** Declares that values are used no more. Values that are not transient stay. */
  public void end(TensorMemory storage) {
    moment++;
    for (Block block : blocks) {
      if (block.storage == storage && block.end > moment) {
        block.end = moment;
      }
    }
  }

  /**
   * Declares that all values that came after a moment, but for some, are used no more.
   *
   * @param since the moment
   * @param kept the values that stay
   */
  public void endAllSince(int since, TensorMemory kept) {
    moment++;
    for (Block block : blocks) {
      if (block.begin > since && block.storage != kept && block.end > moment) {
        block.end = moment;
      }
    }
  }

  /** Gives all values their places. Until the next pass, their content is arbitrary. */
  public void place() {
    List<Block> placed = new ArrayList<>();
    Comparator<Block> bySize = Comparator.comparingLong(block -> block.bytes);
    for (Block block : blocks.stream().sorted(bySize.reversed()).toList()) {
      block.offset = lowest(block, placed);
      placed.add(block);
      bytes = Math.max(bytes, block.after());
    }
    arena.place(this);
  }

  /** How many fp32 values fit into the memory that all values take together. */
  long values() {
    return bytes / Float.BYTES;
  }

  /** Moves all values to memory that begins somewhere else. */
  void moveTo(FloatPointer memory) {
    for (Block block : blocks) {
      block.storage.moveTo(memory.getPointer(block.offset / Float.BYTES).capacity(block.values));
    }
  }

  /** The lowest place that is free throughout a lifetime. */
  private static long lowest(Block block, List<Block> placed) {
    long offset = 0;
    List<Block> neighbours =
        placed.stream()
            .filter(block::livesWith)
            .sorted(Comparator.comparingLong(b -> b.offset))
            .toList();
    for (Block neighbour : neighbours) {
      if (neighbour.offset - offset >= block.bytes) {
        return offset;
      }
      offset = Math.max(offset, neighbour.after());
    }
    return offset;
  }

  @Override
  public void close() {
    arena.remove(this);
  }
}
