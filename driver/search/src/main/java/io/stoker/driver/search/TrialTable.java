// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * All results of a study as a Parquet file: a row for each result, with a column for each cost and
 * each option that varies. Names have underscores. A trial that failed has no value and no costs.
 */
final class TrialTable {
  private final Standing standing;
  private final List<Dimension> dimensions;
  private final MessageType schema;

  private TrialTable(Standing standing) {
    this.standing = standing;
    this.dimensions = standing.plan().searchSpace().dimensions();
    this.schema = schema();
  }

  /** The file's content. */
  static byte[] of(Standing standing) throws IOException {
    TrialTable table = new TrialTable(standing);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new BytesFile(bytes)).withType(table.schema).build()) {
      for (TrialResult result : standing.results()) {
        writer.write(table.row(result));
      }
    }
    return bytes.toByteArray();
  }

  private MessageType schema() {
    Types.MessageTypeBuilder builder = Types.buildMessage();
    for (String name : List.of("trial", "rung", "epochs")) {
      builder.required(PrimitiveTypeName.INT32).named(name);
    }
    text(builder, "state");
    number(builder, "value");
    standing.plan().costs().forEach(cost -> number(builder, column(cost.toString())));
    number(builder, "seconds");
    text(builder, "parameters_sha256");
    text(builder, "reason");
    for (Dimension dimension : dimensions) {
      if (isText(dimension)) {
        text(builder, column(dimension.name()));
      } else {
        number(builder, column(dimension.name()));
      }
    }
    return builder.named("trials");
  }

  private static void number(Types.MessageTypeBuilder builder, String name) {
    builder.optional(PrimitiveTypeName.DOUBLE).named(name);
  }

  private static void text(Types.MessageTypeBuilder builder, String name) {
    builder.optional(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType()).named(name);
  }

  private static boolean isText(Dimension dimension) {
    return !dimension.corners().stream().allMatch(JsonNode::isNumber);
  }

  private static String column(String name) {
    return name.replace('-', '_');
  }

  private Group row(TrialResult result) {
    Group row =
        new SimpleGroup(schema)
            .append("trial", result.trial())
            .append("rung", result.rung())
            .append("epochs", result.epochs())
            .append("state", result.state().word())
            .append("seconds", result.seconds())
            .append("parameters_sha256", result.parametersSha256())
            .append("reason", result.reason());
    if (result.isDone()) {
      row.append("value", result.value());
      for (int i = 0; i < result.costs().size(); i++) {
        row.append(column(standing.plan().costs().get(i).toString()), result.costs().get(i));
      }
    }
    ObjectNode options = standing.options().get(result.trial());
    for (Dimension dimension : dimensions) {
      JsonNode value = options.path(dimension.name());
      if (isText(dimension)) {
        row.append(column(dimension.name()), value.asText());
      } else {
        row.append(column(dimension.name()), value.doubleValue());
      }
    }
    return row;
  }

  /** A file in memory. */
  private record BytesFile(ByteArrayOutputStream bytes) implements OutputFile {
    @Override
    public PositionOutputStream create(long blockSizeHint) {
      return new PositionOutputStream() {
        @Override
        public long getPos() {
          return bytes.size();
        }

        @Override
        public void write(int value) {
          bytes.write(value);
        }

        @Override
        public void write(byte[] source, int offset, int length) {
          bytes.write(source, offset, length);
        }
      };
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
      return create(blockSizeHint);
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }
  }
}
