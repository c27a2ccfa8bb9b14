// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.failure.Check;
import java.util.List;

/**
 * One split (train, validation, test) of a data set.
 *
 * @param samples how many samples it has
 * @param samplesPerClass how many of each class, in the order of the class names
 * @param shards its shards, in order
 */
public record ShardSplit(long samples, List<Long> samplesPerClass, List<ShardFile> shards) {
  public ShardSplit {
    Check.undamaged(samplesPerClass != null && shards != null, "A split without classes or shards");
    samplesPerClass = List.copyOf(samplesPerClass);
    shards = List.copyOf(shards);
    long ofClasses = 0;
    for (long count : samplesPerClass) {
      Check.undamaged(count >= 0, "Invalid number of samples of a class: %d", count);
      ofClasses += count;
    }
    long ofShards = shards.stream().mapToLong(ShardFile::rows).sum();
    Check.undamaged(
        samples == ofClasses && samples == ofShards,
        "Invalid split: %d samples, %d in its classes, %d in its shards",
        samples,
        ofClasses,
        ofShards);
  }

  /** The number of samples of each block (row group), shard by shard, in order. */
  public int[] blockRows() {
    return shards.stream()
        .flatMap(shard -> shard.rowGroups().stream())
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
