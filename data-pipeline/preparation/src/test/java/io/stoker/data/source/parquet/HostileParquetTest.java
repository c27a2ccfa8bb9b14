// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.stoker.data.source.LabelledImage;
import io.stoker.data.source.SourceImage;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged and hostile Parquet files. Whatever is changed in one: its rows are read, or one line
 * says which file is damaged; it takes neither for ever nor much memory.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileParquetTest {
  private static final Configuration HADOOP = new Configuration();
  private static final int TAIL = 8;

  /** What reading a file of two kilobytes may allocate. */
  private static final long MAXIMUM_ALLOCATED = 48L << 20;

  /** Changes of a byte in the slow tests; more, and of each byte, by this property. */
  private static final int CHANGES = Integer.getInteger("stoker.fuzz", 1);

  /** Every third byte of each of the twelve forms, unless more is asked for. */
  private static final int STRIDE = CHANGES == 1 ? 3 : 1;

  private static final MessageType SCHEMA =
      Types.buildMessage()
          .optionalGroup()
          .optional(PrimitiveTypeName.BINARY)
          .named("bytes")
          .optional(PrimitiveTypeName.BINARY)
          .as(stringType())
          .named("path")
          .named("image")
          .required(PrimitiveTypeName.INT32)
          .named("label")
          .optional(PrimitiveTypeName.BINARY)
          .as(stringType())
          .named("part")
          .optional(PrimitiveTypeName.DOUBLE)
          .named("weight")
          .named("schema");

  private static final TableColumns COLUMNS = new TableColumns("", "", "", "weight");

  @TempDir private Path folder;

  static Stream<Arguments> forms() {
    return Stream.of(
            CompressionCodecName.UNCOMPRESSED,
            CompressionCodecName.SNAPPY,
            CompressionCodecName.GZIP,
            CompressionCodecName.ZSTD,
            CompressionCodecName.LZ4,
            CompressionCodecName.LZ4_RAW)
        .flatMap(
            codec ->
                Stream.of(WriterVersion.values()).map(version -> Arguments.of(codec, version)));
  }

  /** A small table, without the checksums that would hide what comes of damage. */
  private Path write(CompressionCodecName codec, WriterVersion version) throws IOException {
    Path file = folder.resolve("x.parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
            .withType(SCHEMA)
            .withCompressionCodec(codec)
            .withWriterVersion(version)
            .withPageWriteChecksumEnabled(false)
            .withDictionaryEncoding("image.bytes", false)
            .build()) {
      for (int i = 0; i < 20; i++) {
        SimpleGroup row = new SimpleGroup(SCHEMA);
        if (i != 3) {
          Group image = row.addGroup("image");
          image.append("bytes", Binary.fromString("image ".repeat(i) + i));
          image.append("path", "p" + i);
        }
        row.append("label", i % 3).append("part", i % 2 == 0 ? "train" : "test");
        writer.write(i == 5 ? row : row.append("weight", 1.5));
      }
    }
    return file;
  }

  private Path resource(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = getClass().getResourceAsStream("/parquet/" + name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  private static List<LabelledImage> read(Path file) throws IOException {
    ParquetTable table =
        ParquetTable.open(new org.apache.hadoop.fs.Path(file.toUri()), COLUMNS, HADOOP);
    List<LabelledImage> rows = new ArrayList<>();
    try (ParquetRows each = table.rows(table.rowGroups().iterator(), HADOOP)) {
      each.forEachRemaining(rows::add);
    }
    return rows;
  }

  /**
   * The first read in a process loads the classes of Parquet and Hadoop, which takes more memory
   * than a file.
   */
  @BeforeAll
  static void loadClasses(@TempDir Path folder) throws IOException {
    HostileParquetTest first = new HostileParquetTest();
    first.folder = folder;
    assertThat(read(first.write(CompressionCodecName.SNAPPY, WriterVersion.PARQUET_1_0)))
        .hasSize(20);
  }

  /** Reads a changed file, and bounds what that may cost. */
  private static void survive(Path file, byte[] content, String what) throws IOException {
    Files.write(file, content);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      read(file);
    } catch (InputException | DamagedException | ResourceException e) {
      assertThat(e.getMessage()).as(what).contains(file.getParent().toString()).hasLineCount(1);
    } catch (IOException | RuntimeException | Error e) {
      throw new AssertionError(what + " ends as a bug", e);
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before)
        .as(what)
        .isLessThan(MAXIMUM_ALLOCATED);
  }

  private static FileMetaData footer(byte[] file) throws IOException {
    int length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - TAIL);
    return Util.readFileMetaData(
        new ByteArrayInputStream(file, file.length - TAIL - length, length));
  }

  private static byte[] withFooter(byte[] file, Consumer<FileMetaData> change) throws IOException {
    int length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - TAIL);
    FileMetaData footer = footer(file);
    change.accept(footer);
    return concatenated(Arrays.copyOf(file, file.length - TAIL - length), footer);
  }

  private static byte[] concatenated(byte[] pages, FileMetaData footer) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(pages);
    Util.writeFileMetaData(footer, file);
    int length = file.size() - pages.length;
    file.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
    file.write("PAR1".getBytes(StandardCharsets.US_ASCII));
    return file.toByteArray();
  }

  private static List<ColumnMetaData> columns(FileMetaData footer) {
    return footer.getRow_groups().get(0).getColumns().stream()
        .map(ColumnChunk::getMeta_data)
        .toList();
  }

  /** Another header in place of the one that is there, and a footer that fits it. */
  private static byte[] withHeader(byte[] file, int at, Consumer<PageHeader> change)
      throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(file, at, file.length - at);
    PageHeader header = Util.readPageHeader(in);
    int after = file.length - in.available();
    change.accept(header);
    FileMetaData footer = footer(file);
    int length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - TAIL);
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    pages.write(file, 0, at);
    Util.writePageHeader(header, pages);
    int moved = pages.size() - after;
    pages.write(file, after, file.length - TAIL - length - after);
    for (ColumnMetaData column : columns(footer)) {
      long start = Footer.start(column);
      if (start <= at && at < start + column.getTotal_compressed_size()) {
        column.setTotal_compressed_size(column.getTotal_compressed_size() + moved);
      }
      if (column.getData_page_offset() > at) {
        column.setData_page_offset(column.getData_page_offset() + moved);
      }
      if (column.getDictionary_page_offset() > at) {
        column.setDictionary_page_offset(column.getDictionary_page_offset() + moved);
      }
    }
    return concatenated(pages.toByteArray(), footer);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aPageOfAnotherLengthThanItsHeaderSaysIsDamaged(
      CompressionCodecName codec, WriterVersion version) throws IOException {
    Path file = write(codec, version);
    assertThat(read(file)).hasSize(20);
    byte[] good = Files.readAllBytes(file);
    for (ColumnMetaData column : columns(footer(good))) {
      if (column.getPath_in_schema().contains("part")) {
        continue; // Nothing reads it.
      }
      for (int change : new int[] {1, -1}) {
        Files.write(
            file,
            withHeader(
                good,
                (int) column.getData_page_offset(),
                page -> page.setUncompressed_page_size(page.getUncompressed_page_size() + change)));
        assertThatThrownBy(() -> read(file))
            .isInstanceOf(DamagedException.class)
            .hasMessageContaining("Cannot read row group 0 of file:" + file + ": column ")
            .hasMessageContaining(
                String.join(".", column.getPath_in_schema()) + " is damaged near row ");
      }
    }
  }

  /** One change of each byte, in two of the forms. */
  @ParameterizedTest
  @ValueSource(strings = {"SNAPPY", "LZ4_RAW"})
  void survivesAChangeOfEachByte(CompressionCodecName codec) throws IOException {
    surviveChanges(write(codec, WriterVersion.PARQUET_1_0), 1, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"float16.parquet", "encodings.parquet"})
  @Tag("slow")
  @Tag("one-line")
  void survivesAChangeOfEachByteOfAFileOfPyArrow(String name) throws IOException {
    surviveChanges(resource(name), 1, 1);
  }

  @Tag("slow")
  @Tag("one-line")
  @ParameterizedTest
  @MethodSource("forms")
  void survivesManyChanges(CompressionCodecName codec, WriterVersion version) throws IOException {
    surviveChanges(write(codec, version), CHANGES, STRIDE);
  }

  private static void surviveChanges(Path file, int changes, int stride) throws IOException {
    byte[] good = Files.readAllBytes(file);
    SplittableRandom random = new SplittableRandom(good.length);
    byte[] values = {0, -1, 1, 0x7F, -0x80};
    for (int at = 0; at < good.length; at += stride) {
      for (int i = 0; i < changes; i++) {
        byte[] bad = good.clone();
        int kind = random.nextInt(values.length * 2);
        bad[at] = kind < values.length ? values[kind] : (byte) random.nextInt();
        if (i % 3 == 2) { // Two at once, near each other.
          bad[Math.min(bad.length - 1, at + random.nextInt(20))] = (byte) random.nextInt();
        }
        survive(file, bad, "byte " + at + " as " + bad[at] + " in " + file);
      }
      if (at % 16 < stride) {
        survive(file, Arrays.copyOf(good, at), "cut off after " + at + " bytes");
      }
    }
  }

  @Test
  void footersThatClaimWhatCannotBeAreDamaged() throws IOException {
    Path file = write(CompressionCodecName.SNAPPY, WriterVersion.PARQUET_1_0);
    byte[] good = Files.readAllBytes(file);
    List<Consumer<FileMetaData>> changes =
        List.of(
            footer -> columns(footer).get(0).setData_page_offset(Long.MAX_VALUE),
            footer -> columns(footer).get(0).setData_page_offset(-1),
            footer -> columns(footer).get(0).setTotal_compressed_size(Long.MAX_VALUE),
            footer -> columns(footer).get(0).setTotal_compressed_size(-1),
            footer -> columns(footer).get(0).setNum_values(21),
            footer -> footer.getRow_groups().get(0).setNum_rows(1L << 40),
            footer -> footer.getRow_groups().get(0).setNum_rows(0),
            footer -> footer.setNum_rows(-1),
            footer -> footer.setRow_groups(List.of()),
            footer -> footer.getRow_groups().get(0).setColumns(List.of()),
            footer -> footer.getSchema().get(1).setNum_children(Integer.MAX_VALUE),
            footer -> footer.getSchema().addAll(1, nested(100_000)));
    for (int i = 0; i < changes.size(); i++) {
      byte[] bad = withFooter(good, changes.get(i));
      survive(file, bad, "change " + i);
      assertThatThrownBy(() -> read(file)).as("change " + i).isInstanceOf(DamagedException.class);
    }
  }

  private static List<SchemaElement> nested(int depth) {
    SchemaElement group = new SchemaElement("group").setNum_children(1);
    return Stream.generate(() -> group).limit(depth).toList();
  }

  /** Parquet's reader takes memory for what a header claims. */
  @Test
  void headersThatClaimMuchAreDamaged() throws IOException {
    Path file = write(CompressionCodecName.UNCOMPRESSED, WriterVersion.PARQUET_1_0);
    byte[] good = Files.readAllBytes(file);
    ColumnMetaData label = columns(footer(good)).get(2);
    int dictionary = (int) label.getDictionary_page_offset();
    int data = (int) label.getData_page_offset();
    int most = Integer.MAX_VALUE;
    List<byte[]> bad =
        List.of(
            withHeader(
                good, dictionary, page -> page.getDictionary_page_header().setNum_values(most)),
            withHeader(
                good, dictionary, page -> page.getDictionary_page_header().setNum_values(-1)),
            withHeader(good, dictionary, page -> page.setCompressed_page_size(most)),
            withHeader(good, dictionary, page -> page.setUncompressed_page_size(most)),
            withHeader(good, data, page -> page.setCompressed_page_size(-1)),
            withHeader(good, data, page -> page.setUncompressed_page_size(-1)),
            withHeader(good, data, page -> page.getData_page_header().setNum_values(most)),
            withHeader(good, data, page -> page.getData_page_header().setNum_values(21)));
    for (int i = 0; i < bad.size(); i++) {
      survive(file, bad.get(i), "header " + i);
      assertThatThrownBy(() -> read(file))
          .as("header %d", i)
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("column label is damaged near row ");
    }
  }

  @Test
  void aFileThatIsCutOffIsDamagedAndAnotherFileIsNone() throws IOException {
    Path file = write(CompressionCodecName.ZSTD, WriterVersion.PARQUET_2_0);
    byte[] good = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(good, good.length - 3));
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(file + ": damaged (")
        .extracting(e -> ((StokerException) e).exitCode())
        .isEqualTo(3);
    Files.write(file, new byte[20]);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(file + ": it is not a Parquet file");
  }

  @Test
  void aCodecThatIsNotThereIsNamed() throws IOException {
    Path file = write(CompressionCodecName.SNAPPY, WriterVersion.PARQUET_1_0);
    byte[] other =
        withFooter(
            Files.readAllBytes(file),
            footer -> columns(footer).get(0).setCodec(CompressionCodec.BROTLI));
    Files.write(file, other);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("column image.bytes of row group 0 has the codec BROTLI");
  }

  /** PyArrow wrote them: DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, BYTE_STREAM_SPLIT, FLOAT16. */
  @ParameterizedTest
  @ValueSource(strings = {"float16.parquet", "encodings.parquet"})
  void readsFilesOfPyArrow(String name) throws IOException {
    List<LabelledImage> rows = read(resource(name));
    assertThat(rows).hasSize(40);
    for (int i = 0; i < 40; i++) {
      LabelledImage row = rows.get(i);
      assertThat(row.className()).isEqualTo(Integer.toString(i % 3));
      assertThat(row.weight()).isEqualTo(1.5F + i);
      if (i % 13 == 5) {
        assertThat(row.image()).isEqualTo(SourceImage.Unreadable.NULL);
      } else {
        byte[] expected = new byte[i];
        Arrays.fill(expected, (byte) i);
        assertThat(((SourceImage.Encoded) row.image()).file()).isEqualTo(expected);
        assertThat(row.path()).isEqualTo("p" + i);
      }
    }
  }
}
