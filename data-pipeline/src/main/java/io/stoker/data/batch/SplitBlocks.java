package io.stoker.data.batch;

import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import java.io.IOException;

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

  ShardBlock block(int index) throws IOException {
    return cache.block(folder, split, index);
  }
}
