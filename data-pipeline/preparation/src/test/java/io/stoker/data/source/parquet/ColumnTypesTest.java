// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.source.LabelledImage;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each type that a column of Parquet may have is read right, or refused. */
class ColumnTypesTest {
  private static final TableColumns NAMED = new TableColumns("image", "label", "split", "weight");

  @TempDir private Path folder;

  /** The uses of each type: image, label, split, weight. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "boolean c | label",
        "int32 c | label weight",
        "int32 c (INTEGER(8,true)) | label weight",
        "int32 c (INTEGER(16,false)) | label weight",
        "int32 c (INTEGER(32,false)) | label weight",
        "int64 c | label weight",
        "int64 c (INTEGER(64,false)) | label weight",
        "int32 c (DATE) | ''",
        "int32 c (TIME(MILLIS,true)) | ''",
        "int32 c (DECIMAL(9,2)) | ''",
        "int64 c (TIME(MICROS,true)) | ''",
        "int64 c (TIMESTAMP(MICROS,true)) | ''",
        "int64 c (TIMESTAMP(NANOS,false)) | ''",
        "int64 c (DECIMAL(18,2)) | ''",
        "int96 c | ''",
        "float c | weight",
        "double c | weight",
        "binary c | image label",
        "binary c (STRING) | image label split",
        "binary c (ENUM) | image label split",
        "binary c (JSON) | ''",
        "binary c (BSON) | ''",
        "binary c (DECIMAL(20,2)) | ''",
        "fixed_len_byte_array(16) c | ''",
        "fixed_len_byte_array(16) c (UUID) | ''",
        "fixed_len_byte_array(5) c (DECIMAL(9,2)) | ''"
      })
  void aTypeServesForTheseUsesAndForNoOther(String type, String uses) {
    Map<String, String> usual =
        Map.of(
            "image", "binary image",
            "label", "int64 label",
            "split", "binary split (STRING)",
            "weight", "double weight");
    for (String use : usual.keySet()) {
      StringBuilder schema = new StringBuilder("message m {");
      usual.forEach(
          (name, own) ->
              schema
                  .append(" optional ")
                  .append(name.equals(use) ? type.replaceFirst(" c\\b", " " + name) : own)
                  .append(';'));
      MessageType message = MessageTypeParser.parseMessageType(schema.append(" }").toString());
      if (List.of(uses.split(" ")).contains(use)) {
        assertThat(TableSchema.of(message, Map.of(), NAMED).label()).isEqualTo("label");
      } else {
        assertThatThrownBy(() -> TableSchema.of(message, Map.of(), NAMED))
            .as("%s as %s", type, use)
            .isInstanceOf(InputException.class)
            .hasMessageStartingWith("Invalid " + use + " column " + use);
      }
    }
  }

  @Test
  void numbersWithoutASignKeepTheirValue() throws IOException {
    assertThat(labels("int32 label (INTEGER(32,false))", -1, 7)).containsExactly("4294967295", "7");
    assertThat(labels("int32 label (INTEGER(32,true))", -1, 7)).containsExactly("-1", "7");
    assertThat(labels("int64 label (INTEGER(64,false))", -1L, 7L))
        .containsExactly("18446744073709551615", "7");
    assertThat(labels("int64 label", -1L, 7L)).containsExactly("-1", "7");
  }

  private List<String> labels(String type, Object... values) throws IOException {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message m { required binary image; required " + type + "; }");
    List<Group> rows = new ArrayList<>();
    for (Object value : values) {
      Group row = new SimpleGroup(schema).append("image", "x");
      rows.add(
          value instanceof Integer number
              ? row.append("label", number)
              : row.append("label", (Long) value));
    }
    Path file = folder.resolve("table.parquet");
    TestTables.write(
        file, schema, rows, Map.of(), CompressionCodecName.UNCOMPRESSED, WriterVersion.PARQUET_1_0);
    Configuration hadoop = new Configuration();
    ParquetTable table =
        ParquetTable.open(
            new org.apache.hadoop.fs.Path(file.toUri()),
            new TableColumns("image", "label", ""),
            hadoop);
    List<String> labels = new ArrayList<>();
    try (ParquetRows each = table.rows(table.rowGroups().iterator(), hadoop)) {
      each.forEachRemaining((LabelledImage row) -> labels.add(row.className()));
    }
    return labels;
  }
}
