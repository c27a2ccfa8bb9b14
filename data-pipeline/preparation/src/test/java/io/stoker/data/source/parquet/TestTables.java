// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** Writes Parquet files as Hugging Face's datasets does. */
public final class TestTables {
  /** Image, label, and a column that nothing needs. */
  public static final MessageType SCHEMA =
      Types.buildMessage()
          .optionalGroup()
          .optional(PrimitiveTypeName.BINARY)
          .named("bytes")
          .optional(PrimitiveTypeName.BINARY)
          .as(stringType())
          .named("path")
          .named("image")
          .optional(PrimitiveTypeName.INT64)
          .named("label")
          .optional(PrimitiveTypeName.BINARY)
          .as(stringType())
          .named("caption")
          .named("schema");

  private TestTables() {}

  /** A row. Null for what is not there. */
  public static Group row(byte[] bytes, String path, Long label) {
    SimpleGroup row = new SimpleGroup(SCHEMA);
    Group image = row.addGroup("image");
    if (bytes != null) {
      image.append("bytes", Binary.fromConstantByteArray(bytes));
    }
    if (path != null) {
      image.append("path", path);
    }
    if (label != null) {
      row.append("label", label);
    }
    return row.append("caption", "a picture");
  }

  /** What {@code datasets} says of image and label. */
  public static Map<String, String> features(String... names) {
    return Map.of(
        "huggingface",
        """
        {"info": {"features": {"image": {"_type": "Image"},
        "label": {"names": ["%s"], "_type": "ClassLabel"},
        "caption": {"dtype": "string", "_type": "Value"}}}}\
        """
            .formatted(String.join("\", \"", names)));
  }

  /** Writes a file of small row groups and pages. */
  public static void write(
      Path file,
      MessageType schema,
      List<Group> rows,
      Map<String, String> metadata,
      CompressionCodecName codec,
      WriterVersion version)
      throws IOException {
    Configuration hadoop = new Configuration();
    java.nio.file.Files.deleteIfExists(file);
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
            .withType(schema)
            .withConf(hadoop)
            .withExtraMetaData(metadata)
            .withCompressionCodec(codec)
            .withWriterVersion(version)
            .withRowGroupSize(20_000L)
            .withPageSize(2_000)
            .withMinRowCountForPageSizeCheck(1)
            .withMaxRowCountForPageSizeCheck(4)
            .build()) {
      for (Group row : rows) {
        writer.write(row);
      }
    }
    java.nio.file.Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
  }

  /** The same, uncompressed. */
  public static void write(Path file, List<Group> rows, Map<String, String> metadata)
      throws IOException {
    java.nio.file.Files.createDirectories(file.getParent());
    write(
        file, SCHEMA, rows, metadata, CompressionCodecName.UNCOMPRESSED, WriterVersion.PARQUET_1_0);
  }
}
