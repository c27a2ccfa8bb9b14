// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Sha256;
import io.stoker.data.shard.RejectedInput;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.Partitioner;

/** The result of the first stage for one input, without its image. */
sealed interface SampleOutcome extends PackedItem {
  /** An input that is no sample. */
  record Rejected(RejectedInput input) implements SampleOutcome {}

  /**
   * A sample.
   *
   * @param sample without its image
   * @param imageBytes of its encoded image
   * @param fingerprintHigh the first half of a 128-bit hash of its encoded image and shape
   * @param fingerprintLow the second half
   * @param sums over its pixels before they were encoded; empty where they do not count
   */
  record Accepted(
      PackedSample sample,
      int imageBytes,
      long fingerprintHigh,
      long fingerprintLow,
      ChannelSums sums)
      implements SampleOutcome {
    static Accepted of(PackedSample sample, ChannelSums sums) {
      ByteBuffer hash =
          ByteBuffer.wrap(
              Sha256.of(
                  sample.image(), sample.shape().toString().getBytes(StandardCharsets.US_ASCII)));
      return new Accepted(
          sample.withoutImage(), sample.image().length, hash.getLong(), hash.getLong(), sums);
    }

    /** Whether the shards hold the same bytes for both. */
    boolean isCopyOf(Accepted other) {
      return fingerprintHigh == other.fingerprintHigh && fingerprintLow == other.fingerprintLow;
    }
  }

  /** Sends copies of one image to the same partition. */
  final class FingerprintPartitioner extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    FingerprintPartitioner(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      long hash =
          key instanceof Accepted accepted
              ? accepted.fingerprintLow()
              : ((Rejected) key).input().path().hashCode();
      return Math.floorMod(hash, partitions);
    }
  }

  /**
   * Puts copies of one image next to each other. The first is the one to keep: that of test, else
   * of validation, else of another split, else of train, where it would be learnt by heart; of
   * several in a split the first by path.
   */
  final class DuplicateOrder implements Comparator<SampleOutcome>, Serializable {
    private static final long serialVersionUID = 1L;
    private static final List<String> KEPT_FIRST = List.of("test", "validation");

    private final int[] ranks;

    DuplicateOrder(List<String> splitNames) {
      ranks = splitNames.stream().mapToInt(DuplicateOrder::rank).toArray();
    }

    private static int rank(String split) {
      if (split.equals("train")) {
        return KEPT_FIRST.size() + 1;
      }
      int index = KEPT_FIRST.indexOf(split);
      return index < 0 ? KEPT_FIRST.size() : index;
    }

    @Override
    public int compare(SampleOutcome a, SampleOutcome b) {
      if (a instanceof Accepted first && b instanceof Accepted second) {
        int result = Long.compare(first.fingerprintHigh, second.fingerprintHigh);
        result = result != 0 ? result : Long.compare(first.fingerprintLow, second.fingerprintLow);
        result =
            result != 0
                ? result
                : Integer.compare(ranks[first.sample.split()], ranks[second.sample.split()]);
        result = result != 0 ? result : first.sample.split() - second.sample.split();
        return result != 0 ? result : first.sample.path().compareTo(second.sample.path());
      }
      return Boolean.compare(a instanceof Accepted, b instanceof Accepted);
    }
  }
}
