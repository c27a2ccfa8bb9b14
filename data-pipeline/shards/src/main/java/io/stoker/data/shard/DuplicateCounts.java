// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.failure.Check;

/**
 * How many samples are copies of others: of a group of equal images, all but one.
 *
 * @param copies in all
 * @param acrossSplits those that are in another split than the sample they are a copy of
 * @param acrossClasses those that have another label
 * @param dropped how many of them are not in the shards: all or none
 */
public record DuplicateCounts(long copies, long acrossSplits, long acrossClasses, long dropped) {
  /** No copies. */
  public static final DuplicateCounts NONE = new DuplicateCounts(0, 0, 0, 0);

  public DuplicateCounts {
    Check.undamaged(
        copies >= 0
            && acrossSplits >= 0
            && acrossSplits <= copies
            && acrossClasses >= 0
            && acrossClasses <= copies
            && (dropped == 0 || dropped == copies),
        "Invalid numbers of duplicates: %d, %d across splits, %d across classes, %d dropped",
        copies,
        acrossSplits,
        acrossClasses,
        dropped);
  }
}
