// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Division;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.Partitioner;

/**
 * Which shard each sample goes to: the order of a split is cut where the bytes of its images add up
 * to equal parts, at the precision of one bucket. It depends on the samples alone.
 */
final class ShardLayout extends Partitioner {
  private static final long serialVersionUID = 1L;

  /** The most bytes of images that a task sorts at a time, if there are several buckets. */
  private static final long CELL_BYTES = 32L << 20;

  /** The cell of each bucket of each split, counted over all splits. */
  private final int[][] cells;

  /** The shard of each cell, counted over all splits. */
  private final int[] shards;

  /** The first shard of each split, and one more: how many there are. */
  private final int[] starts;

  private final List<String> files;

  private ShardLayout(int[][] cells, int[] shards, int[] starts, List<String> files) {
    this.cells = cells;
    this.shards = shards;
    this.starts = starts;
    this.files = files;
  }

  static ShardLayout of(List<String> splitNames, PackStatistics statistics, long shardBytes) {
    int splits = splitNames.size();
    int[][] cells = new int[splits][];
    List<Integer> shards = new ArrayList<>();
    int[] starts = new int[splits + 1];
    List<String> files = new ArrayList<>();
    for (int split = 0; split < splits; split++) {
      int[] shardOfBucket = cut(statistics.bucketBytes(split), shardBytes, starts[split]);
      cells[split] = cells(statistics.bucketBytes(split), shardOfBucket, shards);
      int last = shardOfBucket[PackedSample.BUCKETS - 1];
      int count = statistics.samples(split) == 0 ? 0 : last + 1 - starts[split];
      starts[split + 1] = starts[split] + count;
      for (int shard = 0; shard < count; shard++) {
        files.add(
            String.format(
                Locale.ROOT, "%s-%05d-of-%05d.parquet", splitNames.get(split), shard, count));
      }
    }
    return new ShardLayout(
        cells, shards.stream().mapToInt(Integer::intValue).toArray(), starts, List.copyOf(files));
  }

  /** Cuts the buckets of a split into shards, none of them empty. */
  private static int[] cut(long[] bucketBytes, long shardBytes, int firstShard) {
    long total = 0;
    for (long bytes : bucketBytes) {
      total += bytes;
    }
    long count = Math.max(1, Division.ceiling(total, shardBytes));
    int[] result = new int[bucketBytes.length];
    long before = 0;
    long wanted = -1;
    int shard = firstShard - 1;
    for (int bucket = 0; bucket < result.length; bucket++) {
      long bytes = bucketBytes[bucket];
      if (bytes > 0) {
        long middle = (long) ((before + bytes / 2.0) / total * count);
        if (middle != wanted) {
          wanted = middle;
          shard++;
        }
        before += bytes;
      }
      result[bucket] = Math.max(shard, firstShard);
    }
    return result;
  }

  /** Cuts the shards of a split into cells, and appends the shard of each. */
  private static int[] cells(long[] bucketBytes, int[] shardOfBucket, List<Integer> shards) {
    int[] result = new int[bucketBytes.length];
    long bytes = 0;
    for (int bucket = 0; bucket < result.length; bucket++) {
      boolean first = bucket == 0 || shardOfBucket[bucket] != shardOfBucket[bucket - 1];
      if (first || (bytes > 0 && bytes + bucketBytes[bucket] > CELL_BYTES)) {
        shards.add(shardOfBucket[bucket]);
        bytes = 0;
      }
      bytes += bucketBytes[bucket];
      result[bucket] = shards.size() - 1;
    }
    return result;
  }

  /**
   * The part of a shard that a sample is in. Parts follow each other in the order of the samples,
   * so a shard is written when each of its parts is sorted.
   *
   * @param split of the sample
   * @param order its place
   */
  int cell(int split, long order) {
    return cells[split][PackedSample.bucket(order)];
  }

  /** The file of each shard, over all splits. */
  List<String> files() {
    return files;
  }

  /** The first shard of a split, counted over all splits. */
  int firstShard(int split) {
    return starts[split];
  }

  /** How many shards a split has. */
  int shardCount(int split) {
    return starts[split + 1] - starts[split];
  }

  @Override
  public int numPartitions() {
    return files.size();
  }

  /** The shard of a cell. */
  @Override
  public int getPartition(Object cell) {
    return shards[(Integer) cell];
  }
}
