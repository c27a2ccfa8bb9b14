// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** The columns of a shard. */
final class ShardSchema {
  static final String SAMPLE_ID = "sample_id";
  static final String LABEL = "label";
  static final String PATH = "path";
  static final String HEIGHT = "height";
  static final String WIDTH = "width";
  static final String CHANNELS = "channels";
  static final String ENCODING = "encoding";
  static final String IMAGE = "image";
  static final String WEIGHT = "weight";

  static final MessageType ALL =
      Types.buildMessage()
          .required(INT64)
          .named(SAMPLE_ID)
          .required(INT32)
          .named(LABEL)
          .required(BINARY)
          .as(stringType())
          .named(PATH)
          .required(INT32)
          .named(HEIGHT)
          .required(INT32)
          .named(WIDTH)
          .required(INT32)
          .named(CHANNELS)
          .required(BINARY)
          .as(stringType())
          .named(ENCODING)
          .required(BINARY)
          .named(IMAGE)
          .named("sample");

  /** The columns of shards whose samples have weights. */
  static final MessageType WEIGHTED =
      Types.buildMessage()
          .addFields(ALL.getFields().toArray(Type[]::new))
          .required(FLOAT)
          .named(WEIGHT)
          .named("sample");

  /** The label column alone. */
  static final MessageType LABELS =
      Types.buildMessage().required(INT32).named(LABEL).named("sample");

  private ShardSchema() {}
}
