// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One of the parts into which cross-validation divides a split. The samples of each class take
 * turns in the order of the blocks, so parts differ by at most one sample of a class. That order is
 * random in data that {@code prepare} made. Which samples a part has depends on the data alone.
 *
 * @param part from 1
 * @param parts how many there are
 */
public record Fold(int part, int parts) {
  /** The rows of each block that are in this part, rising. */
  public List<int[]> held(BlockLabels labels) {
    return rows(labels, true);
  }

  /** The rows of each block that are in the other parts, rising. */
  public List<int[]> others(BlockLabels labels) {
    return rows(labels, false);
  }

  private List<int[]> rows(BlockLabels labels, boolean held) {
    long[] ranks = new long[labels.samplesPerClass().length];
    List<int[]> blocks = new ArrayList<>();
    for (int block = 0; block < labels.blocks(); block++) {
      int[] rows = new int[labels.rows(block)];
      int count = 0;
      for (int row = 0; row < rows.length; row++) {
        int label = labels.label(block, row);
        // Classes begin with different parts, so that the parts have about the same size.
        boolean here = (label + ranks[label]++) % parts == part - 1;
        if (here == held) {
          rows[count++] = row;
        }
      }
      blocks.add(Arrays.copyOf(rows, count));
    }
    return blocks;
  }
}
