// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.failure.DamagedException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * The rows of a row group, one after the other. Parquet's own reader takes whole column chunks into
 * memory, which for images is nearly the whole row group (often 500 MB), and takes memory for
 * lengths that a damaged file only claims (ADR 31). This one holds one value of each column, a
 * buffer, and a dictionary, which is in a temporary file if it is long. Columns are those of an
 * image and what belongs to it: none is repeated.
 */
final class RowGroupReader implements AutoCloseable {
  /** Dictionaries of so many bytes are held in memory. */
  static final int DICTIONARY_BYTES = 8 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

  private final String place;
  private final MessageType projection;
  private final ValueMemory memory = new ValueMemory();
  private final List<Column> columns = new ArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final long rows;
  private long row;

  /**
   * Opens the columns of a row group.
   *
   * @param footer of the file
   * @param index of the row group
   * @param projection the columns that are read
   * @param inMemory dictionaries of so many bytes are held in memory
   * @throws IOException if the storage fails
   */
  RowGroupReader(
      FileSystem fileSystem,
      Path file,
      Footer footer,
      int index,
      MessageType projection,
      int inMemory)
      throws IOException {
    this.place = "row group " + index + " of " + file;
    this.projection = projection;
    this.rows = footer.rows(index);
    try {
      for (ColumnDescriptor column : projection.getColumns()) {
        ColumnMetaData metadata = footer.column(index, column.getPath());
        FSDataInputStream in = fileSystem.open(file);
        open.add(in);
        in.seek(Footer.start(metadata));
        Part chunk =
            new Part(
                new BufferedInputStream(new StoredBytes(file, in), BUFFER_BYTES),
                metadata.getTotal_compressed_size());
        ColumnPages pages = new ColumnPages(column, metadata, chunk, inMemory);
        open.add(pages);
        columns.add(new Column(column, pages));
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** A file whose failures are those of the storage, and not damage of what it holds. */
  private static final class StoredBytes extends FilterInputStream {
    private final Path file;

    StoredBytes(Path file, InputStream in) {
      super(in);
      this.file = file;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      try {
        return super.read(target, offset, length);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }

    @Override
    public long skip(long bytes) {
      try {
        return super.skip(bytes);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }
  }

  private static String name(String... path) {
    return Footer.printable(String.join(".", path));
  }

  long rows() {
    return rows;
  }

  /** The lengths of the values that were too long to be read, by their rows in the row group. */
  Map<Long, Integer> refused() {
    return memory.refused();
  }

  /**
   * The next row.
   *
   * @throws DamagedException if a page is damaged
   * @throws UncheckedIOException if the storage fails
   */
  Group next() {
    Group group = new SimpleGroup(projection);
    for (Column column : columns) {
      try {
        column.addTo(group);
        if (row + 1 == rows) {
          column.pages.end();
        }
      } catch (StokerException | UncheckedIOException e) {
        throw e;
      } catch (Part.TooLongException e) {
        throw new ResourceException(
            String.format(
                Locale.ROOT,
                "Cannot read %s: in column %s %s (give it more)",
                place,
                name(column.path),
                e.getMessage()),
            e);
      } catch (IOException | RuntimeException e) { // What decompressors throw for damage.
        throw new DamagedException(
            String.format(
                Locale.ROOT,
                "Cannot read %s: column %s is damaged near row %d (%s)",
                place,
                name(column.path),
                row,
                Footer.reason(e)),
            e);
      }
    }
    row++;
    return group;
  }

  /** A column, and where its values belong in a row. */
  private final class Column {
    private final String[] path;
    private final int[] levels;
    private final PrimitiveTypeName type;
    private final ColumnPages pages;

    Column(ColumnDescriptor column, ColumnPages pages) {
      this.path = column.getPath();
      this.type = column.getPrimitiveType().getPrimitiveTypeName();
      this.pages = pages;
      this.levels = new int[path.length];
      for (int depth = 0; depth < path.length; depth++) {
        levels[depth] = projection.getMaxDefinitionLevel(Arrays.copyOf(path, depth + 1));
      }
    }

    /** Adds the value of the next row, and the groups around it as far as they are there. */
    void addTo(Group row) throws IOException {
      int level = pages.nextLevel();
      Group group = row;
      for (int depth = 0; depth < path.length && level >= levels[depth]; depth++) {
        String name = path[depth];
        if (depth == path.length - 1) {
          addValue(group, name);
        } else {
          group =
              group.getFieldRepetitionCount(name) == 0
                  ? group.addGroup(name)
                  : group.getGroup(name, 0);
        }
      }
    }

    private void addValue(Group group, String name) throws IOException {
      long bits = pages.values().next();
      switch (type) {
        case BOOLEAN -> group.add(name, bits != 0);
        case INT32 -> group.add(name, (int) bits);
        case INT64 -> group.add(name, bits);
        case FLOAT -> group.add(name, Float.intBitsToFloat((int) bits));
        case DOUBLE -> group.add(name, Double.longBitsToDouble(bits));
        default -> group.add(name, bytes((int) bits));
      }
    }

    private Binary bytes(int length) throws IOException {
      if (!memory.admits(row, length)) {
        pages.values().skip();
        return Binary.EMPTY;
      }
      byte[] bytes = new byte[length];
      pages.values().read(bytes, 0);
      return Binary.fromConstantByteArray(bytes);
    }
  }

  @Override
  public void close() {
    memory.close();
    try {
      for (AutoCloseable each : open) {
        each.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + place, e);
    } catch (Exception e) {
      throw new IllegalStateException("Cannot close " + place, e);
    }
  }
}
