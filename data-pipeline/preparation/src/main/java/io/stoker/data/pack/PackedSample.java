// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.SplitMix64;
import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardSample;
import java.io.Serializable;
import java.util.Comparator;

/**
 * A sample on its way to its shard.
 *
 * @param split index into the job's split names
 * @param order a hash of seed and sample: the place of the sample in its split's order
 * @param sampleId the sample's identity
 * @param label index into the class names
 * @param path where it came from
 * @param shape of its image
 * @param image encoded; owned by this record
 * @param weight how much it counts in the loss
 */
@SuppressWarnings("ArrayRecordComponent") // It is written once and dropped.
record PackedSample(
    int split,
    long order,
    long sampleId,
    int label,
    String path,
    ImageShape shape,
    byte[] image,
    float weight)
    implements Serializable {
  private static final long USE = 5;

  /** How many places of the order are told apart when shards are cut. */
  static final int BUCKETS = 1 << 16;

  /** The place of a sample in the order of a split. */
  static long order(long seed, long sampleId) {
    return SplitMix64.mix(seed, sampleId, USE);
  }

  /** Which of {@link #BUCKETS} equal parts of the order a place is in. */
  static int bucket(long order) {
    return (int) (order >>> 48);
  }

  /** This sample from another path, which gives it another identity; its order stays. */
  PackedSample withPath(String other) {
    return new PackedSample(
        split, order, PackTask.sampleId(other), label, other, shape, image, weight);
  }

  ShardSample toShardSample() {
    return new ShardSample(sampleId, label, path, shape, image, weight);
  }

  /** Compares by split and place; by id and path should two hashes ever be equal. */
  static final class ShardOrder implements Comparator<PackedSample>, Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public int compare(PackedSample a, PackedSample b) {
      int result = Integer.compare(a.split, b.split);
      result = result != 0 ? result : Long.compareUnsigned(a.order, b.order);
      result = result != 0 ? result : Long.compare(a.sampleId, b.sampleId);
      return result != 0 ? result : a.path.compareTo(b.path);
    }
  }
}
