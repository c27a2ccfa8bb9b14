// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Sha256;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * A sample, and what the first stage found out about its image.
 *
 * @param sample with its image, or without
 * @param imageBytes of its encoded image
 * @param fingerprintHigh the first half of a 128-bit hash of its encoded image and shape
 * @param fingerprintLow the second half
 * @param sums over its pixels before they were encoded; empty where they do not count
 */
record MeasuredSample(
    PackedSample sample,
    int imageBytes,
    long fingerprintHigh,
    long fingerprintLow,
    ChannelSums sums) {
  static MeasuredSample of(PackedSample sample, ChannelSums sums) {
    ByteBuffer hash =
        ByteBuffer.wrap(
            Sha256.of(
                sample.image(), sample.shape().toString().getBytes(StandardCharsets.US_ASCII)));
    return new MeasuredSample(sample, sample.image().length, hash.getLong(), hash.getLong(), sums);
  }

  /** Whether the shards hold the same bytes for both. */
  boolean isCopyOf(MeasuredSample other) {
    return fingerprintHigh == other.fingerprintHigh && fingerprintLow == other.fingerprintLow;
  }

  /**
   * Puts copies of one image next to each other. The first is the one to keep: that of test, else
   * of validation, else of another split, else of train, where it would be learnt by heart; of
   * several in a split the first by path.
   */
  static final class DuplicateOrder implements Comparator<MeasuredSample>, Serializable {
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
    public int compare(MeasuredSample a, MeasuredSample b) {
      int result = Long.compare(a.fingerprintHigh, b.fingerprintHigh);
      result = result != 0 ? result : Long.compare(a.fingerprintLow, b.fingerprintLow);
      if (result != 0) {
        return result;
      }
      result = Integer.compare(ranks[a.sample.split()], ranks[b.sample.split()]);
      result = result != 0 ? result : a.sample.split() - b.sample.split();
      return result != 0 ? result : a.sample.path().compareTo(b.sample.path());
    }
  }
}
