// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import org.apache.spark.Partition;

/** A partition that is described by its number alone, such as a worker or a slice. */
final class IndexedPartition implements Partition {
  private static final long serialVersionUID = 1L;

  private final int index;

  /** The partition with an index, from 0. */
  IndexedPartition(int index) {
    this.index = index;
  }

  /** The partitions from 0 to below a count. */
  static Partition[] upTo(int count) {
    Partition[] partitions = new Partition[count];
    for (int i = 0; i < count; i++) {
      partitions[i] = new IndexedPartition(i);
    }
    return partitions;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IndexedPartition that && that.index == index;
  }

  @Override
  public int hashCode() {
    return index;
  }
}
