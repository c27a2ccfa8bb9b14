// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.TimeUnit;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.schema.MessageType;

/**
 * A file's footer. What it says is checked against the length of the file before anything is read
 * by it, and columns that nothing needs are not looked at: they may have types, encodings and
 * codecs that this release of Parquet does not know.
 */
final class Footer {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ENCRYPTED_MAGIC = "PARE".getBytes(StandardCharsets.US_ASCII);

  /** The footer's length, and the magic number. */
  private static final int TAIL_BYTES = 8;

  /** Its objects take many times as much memory as its bytes. */
  private static final long MAXIMUM_BYTES =
      Math.max(4L << 20, Math.min(100L << 20, Runtime.getRuntime().maxMemory() / 64));

  private static final int MAXIMUM_DEPTH = 100;

  private static final String DECRYPTION =
      "prepare a decrypted copy, or read it with --format table --table-format parquet and"
          + " Parquet's keys in Spark's configuration";

  private final Path file;
  private final long fileLength;
  private final MessageType schema;
  private final Map<String, String> metadata;
  private final List<RowGroup> rowGroups;

  private Footer(Path file, long fileLength, FileMetaData content) throws IOException {
    this.file = file;
    this.fileLength = fileLength;
    this.rowGroups = content.getRow_groups();
    requireAllRows(content);
    requireShallow(content.getSchema());
    content.getSchema().forEach(Footer::leaveOutUnknownTypes);
    ParquetMetadata known =
        new ParquetMetadataConverter()
            .fromParquetMetadata(content.setRow_groups(List.of()).setColumn_orders(null));
    this.schema = known.getFileMetaData().getSchema();
    this.metadata = known.getFileMetaData().getKeyValueMetaData();
  }

  /**
   * Reads a footer.
   *
   * @throws InputException if the file is not a Parquet file, or is encrypted
   * @throws DamagedException if it is a damaged one
   * @throws UncheckedIOException if the storage fails
   */
  static Footer read(FileSystem fileSystem, Path file) {
    long length;
    byte[] bytes;
    try (FSDataInputStream in = fileSystem.open(file)) {
      length = fileSystem.getFileStatus(file).getLen();
      bytes = bytes(file, in, length);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
    try {
      byte[] struct = ThriftStruct.read(new ByteArrayInputStream(bytes), bytes.length);
      return new Footer(file, length, Util.readFileMetaData(new ByteArrayInputStream(struct)));
    } catch (IOException | RuntimeException e) { // Parquet has no exception of its own for damage.
      throw damaged(file, "its footer: " + reason(e), e);
    }
  }

  /** The footer's bytes, which the file ends with: before their length and a magic number. */
  private static byte[] bytes(Path file, FSDataInputStream in, long length) throws IOException {
    byte[] head = new byte[(int) Math.min(length, MAGIC.length)];
    byte[] tail = new byte[(int) Math.min(length, TAIL_BYTES)];
    in.readFully(0, head);
    in.readFully(length - tail.length, tail);
    byte[] magic = Arrays.copyOfRange(tail, Math.max(0, tail.length - MAGIC.length), tail.length);
    if (Arrays.equals(magic, ENCRYPTED_MAGIC)) {
      throw encrypted(file, "it");
    }
    if (!Arrays.equals(magic, MAGIC)) {
      if (Arrays.equals(head, MAGIC)) {
        throw damaged(file, "it does not end as a Parquet file does: it was cut off", null);
      }
      throw new InputException("Cannot read " + file + ": it is not a Parquet file");
    }
    long bytes = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xFFFFFFFFL;
    if (bytes > length - TAIL_BYTES - MAGIC.length) {
      throw damaged(
          file, "its footer of " + bytes + " bytes in a file of " + length + " bytes", null);
    }
    if (bytes > MAXIMUM_BYTES) {
      throw new ResourceException(
          String.format(
              Locale.ROOT,
              "Cannot read %s: its footer has %d bytes, and a heap of %d MB has room for %d (give"
                  + " it more, or write the table in more files)",
              file,
              bytes,
              Runtime.getRuntime().maxMemory() >> 20,
              MAXIMUM_BYTES));
    }
    byte[] footer = new byte[(int) bytes];
    in.readFully(length - TAIL_BYTES - bytes, footer);
    return footer;
  }

  /** A row group that has lost its rows must not look like one without rows. */
  private static void requireAllRows(FileMetaData content) throws IOException {
    long left = content.getNum_rows();
    for (RowGroup group : content.getRow_groups()) {
      if (group.getNum_rows() < 0 || group.getNum_rows() > left) {
        throw new IOException("a row group of " + group.getNum_rows() + " rows");
      }
      left -= group.getNum_rows();
    }
    if (left != 0) {
      throw new IOException(left + " of its rows are in no row group");
    }
  }

  /** Parquet's converter calls itself for each level of the schema. */
  private static void requireShallow(List<SchemaElement> schema) throws IOException {
    Deque<Integer> open = new ArrayDeque<>();
    for (SchemaElement element : schema) {
      if (!open.isEmpty()) {
        open.push(open.pop() - 1);
      }
      if (element.getNum_children() > 0) {
        open.push(element.getNum_children());
      }
      while (!open.isEmpty() && open.peek() <= 0) {
        open.pop();
      }
      if (open.size() > MAXIMUM_DEPTH) {
        throw new IOException("its columns are nested more than " + MAXIMUM_DEPTH + " deep");
      }
    }
  }

  /** Parquet 1.13 fails for a type that it does not know, such as FLOAT16. */
  private static void leaveOutUnknownTypes(SchemaElement element) {
    LogicalType type = element.getLogicalType();
    if (type == null) {
      return;
    }
    TimeUnit unit = null;
    if (type.isSetTIME()) {
      unit = type.getTIME().getUnit();
    } else if (type.isSetTIMESTAMP()) {
      unit = type.getTIMESTAMP().getUnit();
    }
    if (type.getSetField() == null || (unit != null && unit.getSetField() == null)) {
      element.unsetLogicalType();
    }
  }

  private static DamagedException damaged(Path file, String what, Exception cause) {
    return new DamagedException(
        "Cannot read " + file + ": damaged (" + printable(what) + ")", cause);
  }

  /** Without the line breaks and control characters of names in a file. */
  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** Why something could not be read, in a line. */
  static String reason(Exception failure) {
    String message = failure instanceof IOException ? failure.getMessage() : null;
    return message == null || message.isBlank()
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").strip();
  }

  private static InputException encrypted(Path file, String what) {
    return new InputException(
        "Cannot read " + file + ": " + printable(what) + " is encrypted (" + DECRYPTION + ")");
  }

  MessageType schema() {
    return schema;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  int rowGroups() {
    return rowGroups.size();
  }

  long rows(int rowGroup) {
    return rowGroups.get(rowGroup).getNum_rows();
  }

  /**
   * Where a column of a row group is.
   *
   * @throws InputException if it is encrypted, or has a codec that is not there
   * @throws DamagedException if it is nowhere in the file
   */
  ColumnMetaData column(int rowGroup, String... path) {
    List<String> wanted = List.of(path);
    String place = "column " + String.join(".", path) + " of row group " + rowGroup;
    for (ColumnChunk chunk : rowGroups.get(rowGroup).getColumns()) {
      if (chunk.isSetCrypto_metadata() && wanted.equals(encryptedPath(chunk))) {
        throw encrypted(file, encryptsAll(chunk) ? "it" : "its column " + String.join(".", path));
      }
      ColumnMetaData column = chunk.getMeta_data();
      if (column != null && wanted.equals(column.getPath_in_schema())) {
        long start = start(column);
        long bytes = column.getTotal_compressed_size();
        long end = fileLength - TAIL_BYTES;
        if (start < MAGIC.length || bytes < 0 || start > end || bytes > end - start) {
          throw damaged(
              file,
              String.format(
                  Locale.ROOT,
                  "%s has %d bytes from %d on, in a file of %d bytes",
                  place,
                  bytes,
                  start,
                  fileLength),
              null);
        }
        if (column.getNum_values() != rows(rowGroup)) {
          throw damaged(
              file,
              String.format(
                  Locale.ROOT,
                  "%s has %d values, for %d rows",
                  place,
                  column.getNum_values(),
                  rows(rowGroup)),
              null);
        }
        if (!PageCodecs.isKnown(column.getCodec())) {
          throw new InputException(
              String.format(
                  Locale.ROOT,
                  "Cannot read %s: %s has the codec %s (write it with ZSTD, SNAPPY, GZIP, LZ4_RAW or"
                      + " UNCOMPRESSED)",
                  file,
                  printable(place),
                  column.getCodec()));
        }
        return column;
      }
    }
    throw damaged(file, "it has no " + place, null);
  }

  private static List<String> encryptedPath(ColumnChunk chunk) {
    return encryptsAll(chunk)
        ? chunk.isSetMeta_data() ? chunk.getMeta_data().getPath_in_schema() : List.of()
        : chunk.getCrypto_metadata().getENCRYPTION_WITH_COLUMN_KEY().getPath_in_schema();
  }

  private static boolean encryptsAll(ColumnChunk chunk) {
    return !chunk.getCrypto_metadata().isSetENCRYPTION_WITH_COLUMN_KEY();
  }

  /** Where the first page of a column chunk is: that of its dictionary, if it has one. */
  static long start(ColumnMetaData column) {
    long first = column.getData_page_offset();
    long dictionary = column.getDictionary_page_offset();
    return column.isSetDictionary_page_offset() && dictionary > 0 && dictionary < first
        ? dictionary
        : first;
  }
}
