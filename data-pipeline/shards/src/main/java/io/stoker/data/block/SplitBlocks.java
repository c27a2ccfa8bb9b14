// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.block;

import io.stoker.data.plan.BlockLabels;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.plan.Sampling;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The blocks of one split, read through a cache.
 *
 * @param folder the data set
 * @param split the split's name
 * @param cache where blocks stay, shared with other readers
 */
public record SplitBlocks(ShardFolder folder, String split, BlockCache cache) {
  public SplitBlocks {
    folder.manifest().split(split);
  }

  /** The number of samples of each block, in order. */
  public int[] rows() {
    return folder.manifest().split(split).blockRows();
  }

  /**
   * Plans an epoch over these blocks. A balanced one needs the labels of the whole split: the first
   * call reads them, from the label columns of all its shards, and the {@link ShardFolder} keeps
   * them.
   *
   * @param sampling how often the epoch has each sample
   * @param seed the job's root seed
   * @param epoch which, from 0
   * @param workers logical workers, at least 1
   * @param batch samples of one worker in one step, at least 1
   * @throws io.stoker.failure.DamagedException if the labels are not those of the manifest
   * @throws UncheckedIOException if the labels cannot be read
   */
  public EpochPlan plan(Sampling sampling, long seed, int epoch, int workers, int batch) {
    return switch (sampling) {
      case NATURAL -> EpochPlan.of(rows(), seed, epoch, workers, batch);
      case BALANCED -> EpochPlan.balanced(labels(), seed, epoch, workers, batch);
    };
  }

  private BlockLabels labels() {
    try {
      return Retries.read(
          "the labels of split " + split + " of " + folder.path(),
          Retries.FIRST_DELAY,
          () -> folder.labels(split));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read the labels of split " + split + " of " + folder.path(), e);
    }
  }

  public ShardBlock block(int index) throws IOException {
    return cache.block(folder, split, index);
  }
}
