// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import org.apache.parquet.schema.MessageType;

/** Which columns a shard has. */
public enum ShardColumns {
  /** Those that all shards have. */
  PLAIN,
  /** These and the weight of each sample. */
  WEIGHTED;

  MessageType schema() {
    return this == WEIGHTED ? ShardSchema.WEIGHTED : ShardSchema.ALL;
  }
}
