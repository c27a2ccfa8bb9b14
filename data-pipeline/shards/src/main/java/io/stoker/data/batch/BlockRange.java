// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.base.Division;
import io.stoker.failure.Check;
import java.util.Arrays;

/** All samples of consecutive blocks, in order. */
final class BlockRange implements SampleOrder {
  private final int fromBlock;
  private final int batch;

  /** Where each block starts among the range's samples, and one more: how many there are. */
  private final int[] starts;

  BlockRange(int[] rows, int fromBlock, int toBlock, int batch) {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    if (fromBlock < 0 || fromBlock > toBlock || toBlock > rows.length) {
      throw new IndexOutOfBoundsException(
          "Blocks " + fromBlock + " to " + toBlock + " of " + rows.length);
    }
    this.fromBlock = fromBlock;
    this.batch = batch;
    this.starts = new int[toBlock - fromBlock + 1];
    for (int i = fromBlock; i < toBlock; i++) {
      starts[i - fromBlock + 1] = Math.addExact(starts[i - fromBlock], rows[i]);
    }
  }

  private int samples() {
    return starts[starts.length - 1];
  }

  @Override
  public int batches() {
    return Division.ceiling(samples(), batch);
  }

  @Override
  public int capacity() {
    return Math.min(batch, Math.max(1, samples()));
  }

  @Override
  public int examples(int index) {
    return Math.min(batch, samples() - index * batch);
  }

  @Override
  public int block(int index, int example) {
    return fromBlock + at(index * batch + example);
  }

  @Override
  public int row(int index, int example) {
    int sample = index * batch + example;
    return sample - starts[at(sample)];
  }

  private int at(int sample) {
    int found = Arrays.binarySearch(starts, sample);
    return found >= 0 ? found : -found - 2;
  }
}
