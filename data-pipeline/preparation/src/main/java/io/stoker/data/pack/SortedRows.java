// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of several blocks, sorted by the first 32 bits or more of a number. Rows that agree in
 * these bits follow each other, and the caller sorts them: only they need be made into objects.
 */
final class SortedRows {
  /** A number of a row. */
  @FunctionalInterface
  interface Key {
    long of(PackedBlock block, int row);
  }

  /** A function of a row. */
  @FunctionalInterface
  interface Use<T> {
    T of(PackedBlock block, int row);
  }

  private final List<PackedBlock> blocks;

  /** The index of each block's first row over all blocks. */
  private final int[] starts;

  /** The first bits of each key, and below them the index of its row; sorted. */
  private final long[] keyed;

  private final int indexBits;

  private SortedRows(List<PackedBlock> blocks, int[] starts, long[] keyed, int indexBits) {
    this.blocks = blocks;
    this.starts = starts;
    this.keyed = keyed;
    this.indexBits = indexBits;
  }

  /**
   * Sorts rows.
   *
   * @param key by which, as an unsigned number
   */
  static SortedRows of(List<PackedBlock> blocks, Key key) {
    int[] starts = new int[blocks.size()];
    int count = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = count;
      count = Math.addExact(count, blocks.get(i).rows());
    }
    int indexBits = Integer.SIZE - Integer.numberOfLeadingZeros(count);
    long[] keyed = new long[count];
    int index = 0;
    for (PackedBlock block : blocks) {
      for (int row = 0; row < block.rows(); row++) {
        long signed = key.of(block, row) ^ Long.MIN_VALUE; // It compares as the unsigned key does.
        keyed[index] = signed >> indexBits << indexBits | index;
        index++;
      }
    }
    Arrays.sort(keyed);
    return new SortedRows(blocks, starts, keyed, indexBits);
  }

  /** How many rows there are. */
  int size() {
    return keyed.length;
  }

  /** The end of the rows that agree with a row in the first bits of their keys. */
  int endOfEqual(int index) {
    int end = index + 1;
    while (end < keyed.length && (keyed[end] ^ keyed[index]) >>> indexBits == 0) {
      end++;
    }
    return end;
  }

  /** Applies a function to a row. */
  <T> T get(int index, Use<T> use) {
    int row = (int) (keyed[index] & (1L << indexBits) - 1);
    int block = Arrays.binarySearch(starts, row);
    if (block < 0) {
      block = -block - 2;
    } else {
      while (block + 1 < starts.length && starts[block + 1] == row) {
        block++; // The ones before have no rows.
      }
    }
    return use.of(blocks.get(block), row - starts[block]);
  }

  /** Applies a function to each row of a range. */
  <T> List<T> list(int first, int end, Use<T> use) {
    List<T> result = new ArrayList<>();
    for (int i = first; i < end; i++) {
      result.add(get(i, use));
    }
    return result;
  }
}
