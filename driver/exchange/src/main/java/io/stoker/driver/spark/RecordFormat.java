// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/**
 * How records of a {@link PartitionShuffle} are written: a short header, and one large array of
 * bytes that is copied as it is.
 *
 * @param <V> the type of a record
 */
public interface RecordFormat<V> extends Serializable {
  /** The partition that a record goes to. */
  int partition(V record);

  /** Writes all of a record but its partition and its content. */
  void writeHeader(V record, DataOutput out) throws IOException;

  /** The content, which follows the header with nothing between them; not copied. */
  byte[] content(V record);

  /**
   * Reads a record: its header and its content.
   *
   * @param partition the partition that it went to
   */
  V read(int partition, DataInput in) throws IOException;
}
