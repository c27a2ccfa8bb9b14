// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import org.apache.parquet.schema.MessageType;

/** Which columns a shard has. */
public enum ShardColumns {
  /** Those that all shards have. */
  PLAIN(ShardSchema.ALL),
  /** These and the weight of each sample. */
  WEIGHTED(ShardSchema.WEIGHTED);

  private final MessageType schema;

  ShardColumns(MessageType schema) {
    this.schema = schema;
  }

  MessageType schema() {
    return schema;
  }
}
