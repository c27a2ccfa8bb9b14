// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The label of each sample of a split, block by block: what {@link EpochPlan#balanced} needs to
 * know of the data. It is immutable, and may be shared by threads.
 *
 * <p>It takes one byte a sample for up to 256 classes, two for up to 65,536, and about as much
 * again for counts.
 */
public final class BlockLabels {
  /** Counts are kept for some of the blocks, so that they take about this many bytes, or fewer. */
  private static final long COUNT_BYTES = 1 << 20;

  /** The labels of each block, little-endian, of {@link #width} bytes each. */
  private final byte[][] blocks;

  private final int width;
  private final long[] samplesPerClass;

  /** How many samples of each class come before every {@link #stride}-th block. */
  private final long[][] before;

  private final int stride;

  private BlockLabels(int classes, byte[][] blocks, int width, long samples) {
    this.blocks = blocks;
    this.width = width;
    long bytes = (long) blocks.length * classes * Long.BYTES;
    long most = Math.max(COUNT_BYTES, samples);
    this.stride = (int) Math.max(1, (bytes + most - 1) / most);
    this.before = new long[(blocks.length + stride - 1) / stride][];
    this.samplesPerClass = new long[classes];
    for (int block = 0; block < blocks.length; block++) {
      if (block % stride == 0) {
        before[block / stride] = samplesPerClass.clone();
      }
      count(block, samplesPerClass);
    }
  }

  /**
   * The labels of a split.
   *
   * @param classes how many classes there are
   * @param labels those of each block, from 0 to {@code classes - 1}; copied
   */
  public static BlockLabels of(int classes, List<int[]> labels) {
    int width = classes <= 1 << 8 ? 1 : classes <= 1 << 16 ? 2 : 4;
    byte[][] blocks = new byte[labels.size()][];
    long samples = 0;
    for (int block = 0; block < blocks.length; block++) {
      int[] ofBlock = labels.get(block);
      samples += ofBlock.length;
      blocks[block] = new byte[Math.multiplyExact(ofBlock.length, width)];
      for (int row = 0; row < ofBlock.length; row++) {
        if (ofBlock[row] < 0 || ofBlock[row] >= classes) {
          throw new IllegalArgumentException(
              "Invalid label: " + ofBlock[row] + " of " + classes + " classes");
        }
        for (int i = 0; i < width; i++) {
          blocks[block][row * width + i] = (byte) (ofBlock[row] >>> (8 * i));
        }
      }
    }
    return new BlockLabels(classes, blocks, width, samples);
  }

  /** How many samples each class has. */
  public long[] samplesPerClass() {
    return samplesPerClass.clone();
  }

  /**
   * The labels of some rows. Blocks of which there are none are left out.
   *
   * @param rows those of each block
   */
  public BlockLabels select(List<int[]> rows) {
    List<int[]> labels = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int block = i;
      if (rows.get(block).length > 0) {
        labels.add(Arrays.stream(rows.get(block)).map(row -> label(block, row)).toArray());
      }
    }
    return of(samplesPerClass.length, labels);
  }

  int blocks() {
    return blocks.length;
  }

  int rows(int block) {
    return blocks[block].length / width;
  }

  int label(int block, int row) {
    byte[] bytes = blocks[block];
    int label = bytes[row * width] & 0xFF;
    for (int i = 1; i < width; i++) {
      label |= (bytes[row * width + i] & 0xFF) << (8 * i);
    }
    return label;
  }

  /** How many samples of each class the blocks before one have together. */
  long[] samplesBefore(int block) {
    int counted = block / stride;
    long[] counts = before[counted].clone();
    for (int each = counted * stride; each < block; each++) {
      count(each, counts);
    }
    return counts;
  }

  private void count(int block, long[] counts) {
    int rows = rows(block);
    for (int row = 0; row < rows; row++) {
      counts[label(block, row)]++;
    }
  }

  /**
   * The rows of a block, ordered by label, and those of a label in their order.
   *
   * @return for each, the label in the upper half and the row in the lower half
   */
  long[] byLabel(int block) {
    long[] sorted = new long[rows(block)];
    for (int row = 0; row < sorted.length; row++) {
      sorted[row] = (long) label(block, row) << 32 | row;
    }
    Arrays.sort(sorted);
    return sorted;
  }
}
