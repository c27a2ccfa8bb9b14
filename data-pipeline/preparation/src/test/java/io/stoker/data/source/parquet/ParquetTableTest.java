// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.Fifo;
import io.stoker.data.TestImages;
import io.stoker.data.source.LabelledImage;
import io.stoker.data.source.SourceImage;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.crypto.ColumnEncryptionProperties;
import org.apache.parquet.crypto.FileEncryptionProperties;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ParquetTableTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir private Path folder;

  private static ParquetTable open(Path input, TableColumns columns) throws IOException {
    return ParquetTable.open(new org.apache.hadoop.fs.Path(input.toUri()), columns, HADOOP);
  }

  private static List<LabelledImage> read(ParquetTable table) {
    return read(table, RowGroupReader.DICTIONARY_BYTES);
  }

  private static List<LabelledImage> read(ParquetTable table, int dictionaryBytes) {
    List<LabelledImage> rows = new ArrayList<>();
    try (ParquetRows each =
        table.rows(
            table.rowGroups().iterator(), TableSchema.Images.READ, HADOOP, dictionaryBytes)) {
      each.forEachRemaining(rows::add);
    }
    return rows;
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "UNCOMPRESSED, PARQUET_1_0",
    "SNAPPY, PARQUET_1_0",
    "GZIP, PARQUET_2_0",
    "ZSTD, PARQUET_1_0",
    "ZSTD, PARQUET_2_0",
    "LZ4_RAW, PARQUET_1_0",
    "LZ4, PARQUET_1_0",
    "SNAPPY, PARQUET_2_0",
    "UNCOMPRESSED, PARQUET_2_0"
  })
  void readsEachRowPageByPage(CompressionCodecName codec, WriterVersion version)
      throws IOException {
    List<Group> rows = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(1);
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      // Some are equal, some missing, some larger than a page.
      int length = i == 151 ? 3_000_000 : i % 50 == 1 ? 9_000 : 10 + i % 90;
      byte[] image = i % 7 == 0 ? null : random(length, i % 20);
      images.add(image);
      rows.add(
          TestTables.row(
              image,
              i % 5 == 0 ? null : "p" + i % 40,
              i % 11 == 0 ? null : (long) random.nextInt(3)));
    }
    Path file = folder.resolve("train-00000-of-00001.parquet");
    TestTables.write(
        file, TestTables.SCHEMA, rows, TestTables.features("a", "b", "c"), codec, version);

    ParquetTable table = open(file, TableColumns.FOUND);

    assertThat(table.rowGroups().size()).isGreaterThan(2);
    assertThat(table.classNames()).containsExactly("a", "b", "c");
    List<LabelledImage> read = read(table);
    check(read, rows, images);
    check(read(table, 50), rows, images);
    try (ParquetRows each = table.descriptions(table.rowGroups().iterator(), HADOOP)) {
      for (LabelledImage row : read) {
        LabelledImage description = each.next();
        assertThat(description.path()).isEqualTo(row.path());
        assertThat(description.className()).isEqualTo(row.className());
      }
      assertThat(each.hasNext()).isFalse();
    }
  }

  private static void check(List<LabelledImage> read, List<Group> rows, List<byte[]> images) {
    assertThat(read).hasSize(300);
    for (int i = 0; i < 300; i++) {
      LabelledImage row = read.get(i);
      assertThat(row.split()).isEqualTo("train");
      assertThat(row.path()).isEqualTo(i % 5 == 0 ? "" : "p" + i % 40);
      Group written = rows.get(i);
      assertThat(row.className())
          .isEqualTo(i % 11 == 0 ? "" : "abc".charAt((int) written.getLong("label", 0)) + "");
      if (images.get(i) != null) {
        assertThat(((SourceImage.Encoded) row.image()).file()).isEqualTo(images.get(i));
      } else {
        assertThat(row.image())
            .isEqualTo(
                new SourceImage.Unreadable(i % 5 == 0 ? "there is no image: null" : "missing"));
      }
    }
  }

  @Test
  void takesSplitsFromNames() throws IOException {
    byte[] png = TestImages.file(TestImages.gradient(4, 4, 1), "png");
    List<Group> rows = List.of(TestTables.row(png, "x", 0L));
    Map<String, String> features = TestTables.features("a", "b");
    for (String name :
        List.of(
            "data/train-00000-of-00002.parquet",
            "data/train-00001-of-00002-a1b2c3.parquet",
            "plain/validation/0000.parquet",
            "plain/part.test.parquet",
            "unsupervised-00000-of-00001.parquet")) {
      TestTables.write(folder.resolve(name), rows, features);
    }
    Files.writeString(folder.resolve("README.md"), "");
    Files.writeString(folder.resolve("data/.gitattributes"), "");
    Fifo.make(folder.resolve("data/pipe.parquet"));

    ParquetTable table = open(folder, TableColumns.FOUND);

    assertThat(table.rowGroups())
        .extracting(group -> group.file().replaceAll(".*/", ""), RowGroup::split)
        .containsExactly(
            Tuple.tuple("train-00000-of-00002.parquet", "train"),
            Tuple.tuple("train-00001-of-00002-a1b2c3.parquet", "train"),
            Tuple.tuple("part.test.parquet", "test"),
            Tuple.tuple("0000.parquet", "validation"),
            Tuple.tuple("unsupervised-00000-of-00001.parquet", "unsupervised"));
    assertThat(table.ignored())
        .containsExactlyInAnyOrder("README.md", "data/.gitattributes", "data/pipe.parquet");
  }

  private static final MessageType PLAIN =
      Types.buildMessage()
          .required(PrimitiveTypeName.BINARY)
          .named("jpg")
          .required(PrimitiveTypeName.BINARY)
          .as(LogicalTypeAnnotation.stringType())
          .named("kind")
          .required(PrimitiveTypeName.BINARY)
          .as(LogicalTypeAnnotation.stringType())
          .named("part")
          .required(PrimitiveTypeName.BOOLEAN)
          .named("good")
          .repeated(PrimitiveTypeName.INT32)
          .named("tags")
          .named("schema");

  @Test
  void readsTheColumnsThatTheUserNames() throws IOException {
    Group row =
        new SimpleGroup(PLAIN)
            .append("jpg", Binary.fromString("bytes"))
            .append("kind", "Äpfel")
            .append("part", "val")
            .append("good", true)
            .append("tags", 1);
    Path file = folder.resolve("photos.parquet");
    TestTables.write(
        file,
        PLAIN,
        List.of(row),
        Map.of(),
        CompressionCodecName.SNAPPY,
        WriterVersion.PARQUET_1_0);
    List<LabelledImage> read = read(open(file, new TableColumns("", "kind", "part")));
    assertThat(read)
        .extracting(LabelledImage::path, LabelledImage::className, LabelledImage::split)
        .containsExactly(Tuple.tuple("", "Äpfel", "val"));
    assertThat(read(open(file, new TableColumns("jpg", "good", ""))).get(0).className())
        .isEqualTo("true");
    assertThatThrownBy(() -> open(file, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(
            "No column holds labels for certain: [jpg, kind, part, good, tags] (say"
                + " --label-column)");
    assertThatThrownBy(() -> open(file, new TableColumns("tags", "kind", "")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid image column tags: it is repeated int32 tags");
    assertThatThrownBy(() -> open(file, new TableColumns("jpg", "tags", "")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid label column tags");
    assertThatThrownBy(() -> open(file, new TableColumns("png", "kind", "")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Unknown image column: png (there are [jpg, kind");
    assertThatThrownBy(() -> open(file, new TableColumns("jpg", "kind", "good")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid split column good: it must be text");
  }

  /** Their files also have rows that were deleted. */
  @ParameterizedTest
  @CsvSource({
    "delta, _delta_log/00000000000000000000.json",
    "hudi, .hoodie/hoodie.properties",
    "iceberg, metadata/v1.metadata.json"
  })
  void refusesTheFilesOfATableWhoseLogSaysWhichCount(String format, String log) throws Exception {
    Path part = folder.resolve("data/part-00000.parquet");
    Files.createDirectories(part.getParent());
    TestTables.write(
        part,
        TestTables.SCHEMA,
        List.of(TestTables.row(random(10, 1), "p", 1L)),
        TestTables.features("a", "b"),
        CompressionCodecName.SNAPPY,
        WriterVersion.PARQUET_1_0);
    Path metadata = folder.resolve("metadata"); // Of which other programs have one too.
    Files.createDirectories(metadata);
    Files.writeString(metadata.resolve("readme.json"), "{}");
    assertThat(open(folder, TableColumns.FOUND).rowGroups()).isNotEmpty();

    Files.createDirectories(folder.resolve(log).getParent());
    Files.writeString(folder.resolve(log), "{}");
    assertThatThrownBy(() -> open(folder, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("it is a table of the format " + format)
        .hasMessageContaining("--format table --table-format " + format);
  }

  @Test
  void refusesFilesThatAreNoTables() throws IOException {
    assertThatThrownBy(() -> open(folder.resolve("nowhere"), TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot find input");
    assertThatThrownBy(() -> open(folder, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has no .parquet files");
    Path file = folder.resolve("x.parquet");
    Files.writeString(file, "not a table at all");
    assertThatThrownBy(() -> open(folder, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("x.parquet");
    TestTables.write(file, List.of(), TestTables.features("a", "b"));
    assertThatThrownBy(() -> open(folder, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has no rows");
    TestTables.write(
        file, List.of(TestTables.row(new byte[9], "x", 0L)), TestTables.features("a", "b"));
    TestTables.write(
        folder.resolve("y.parquet"),
        List.of(TestTables.row(new byte[9], "x", 0L)),
        TestTables.features("b", "a"));
    assertThatThrownBy(() -> open(folder, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("y.parquet differ from those of");
    Path pipe = Fifo.make(folder.resolve("pipe"));
    assertThatThrownBy(() -> open(pipe, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a named pipe");
  }

  private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private Path encrypted(String name, UnaryOperator<FileEncryptionProperties.Builder> how)
      throws IOException {
    Path file = folder.resolve(name + ".parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
            .withType(TestTables.SCHEMA)
            .withExtraMetaData(TestTables.features("a", "b"))
            .withEncryption(how.apply(FileEncryptionProperties.builder(KEY)).build())
            .build()) {
      writer.write(TestTables.row(new byte[9], "x", 0L));
    }
    return file;
  }

  private static Map<ColumnPath, ColumnEncryptionProperties> columnKey(String column) {
    ColumnPath path = ColumnPath.fromDotString(column);
    return Map.of(path, ColumnEncryptionProperties.builder(path).withKey(KEY).build());
  }

  @Test
  void refusesEncryptedColumnsThatItNeedsAndSaysSo() throws IOException {
    for (Path file :
        List.of(
            encrypted("footer", how -> how), encrypted("all", how -> how.withPlaintextFooter()))) {
      assertThatThrownBy(() -> open(file, TableColumns.FOUND))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(file + ": it is encrypted (prepare a decrypted copy, or");
    }
    Path images =
        encrypted(
            "images",
            how -> how.withPlaintextFooter().withEncryptedColumns(columnKey("image.bytes")));
    assertThatThrownBy(() -> open(images, TableColumns.FOUND))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(images + ": its column image.bytes is encrypted (");
    Path captions =
        encrypted(
            "captions",
            how -> how.withPlaintextFooter().withEncryptedColumns(columnKey("caption")));
    assertThat(read(open(captions, TableColumns.FOUND))).hasSize(1);
  }

  private static final MessageType WITHOUT_PATHS =
      Types.buildMessage()
          .optionalGroup()
          .optional(PrimitiveTypeName.BINARY)
          .named("bytes")
          .optional(PrimitiveTypeName.INT32)
          .named("path")
          .named("image")
          .optional(PrimitiveTypeName.INT64)
          .named("label")
          .named("schema");

  /** PyArrow gives a column without any value the type null, which Parquet stores as INT32. */
  @Test
  void takesAPathThatIsNeverThere() throws IOException {
    SimpleGroup row = new SimpleGroup(WITHOUT_PATHS);
    row.addGroup("image").append("bytes", Binary.fromString("bytes"));
    row.append("label", 1L);
    Path file = folder.resolve("x.parquet");
    TestTables.write(
        file,
        WITHOUT_PATHS,
        List.of(row),
        Map.of(),
        CompressionCodecName.SNAPPY,
        WriterVersion.PARQUET_1_0);
    assertThat(read(open(file, TableColumns.FOUND)))
        .extracting(LabelledImage::path, LabelledImage::className)
        .containsExactly(Tuple.tuple("", "1"));
  }

  /** A record of the input, by which shards are found again, knows nothing of files beside it. */
  @Test
  void filesBesideASingleFileAreReadWhereTheyMayBe() throws IOException {
    byte[] image = random(20, 1);
    Files.write(folder.resolve("1.png"), image);
    Path file = folder.resolve("photos.parquet");
    TestTables.write(
        file,
        TestTables.SCHEMA,
        List.of(TestTables.row(null, "1.png", 0L), TestTables.row(image, "1.png", 0L)),
        TestTables.features("a"),
        CompressionCodecName.SNAPPY,
        WriterVersion.PARQUET_1_0);
    List<LabelledImage> inside =
        read(
            ParquetTable.open(
                new org.apache.hadoop.fs.Path(file.toUri()),
                TableColumns.FOUND,
                List.of(),
                false,
                HADOOP));
    for (LabelledImage row : List.of(inside.get(1), read(open(file, TableColumns.FOUND)).get(0))) {
      assertThat(((SourceImage.Encoded) row.image()).file()).isEqualTo(image);
    }
    assertThat(((SourceImage.Unreadable) inside.get(0).image()).reason())
        .startsWith("its path leads out of the input's folder");
  }

  @Test
  void readsNoFeaturesFromTextThatIsNotJson() {
    for (String text :
        new String[] {
          "", "null", "[]", "{\"info\": 3}", "{", "{\"info\":{\"features\":{\"x\":1}}}"
        }) {
      HuggingFaceFeatures features = HuggingFaceFeatures.of(Map.of("huggingface", text));
      assertThat(features.images()).isEmpty();
      assertThat(features.classNames()).isEmpty();
    }
    assertThat(HuggingFaceFeatures.of(TestTables.features("a", "b")).classNames())
        .isEqualTo(Map.of("label", List.of("a", "b")));
  }
}
