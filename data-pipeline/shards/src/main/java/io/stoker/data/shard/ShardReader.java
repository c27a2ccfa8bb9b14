// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import io.stoker.data.image.ImageShape;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.StoredFile;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;

/** Reads row groups of one shard, in any order. It belongs to one thread at a time. */
public final class ShardReader implements AutoCloseable {
  private final Path file;
  private final ShardFile shard;
  private final ShardManifest manifest;
  private final ParquetFileReader parquet;

  /**
   * Reads a shard's footer and compares it with the manifest. It says where each row group is, in a
   * few kilobytes: a caller that reads several of them keeps it.
   *
   * @param folder where the shard is
   * @param shard which
   * @param hadoop how to reach the filesystem
   * @throws DamagedException if the file is not the shard that the manifest describes
   * @throws IOException if it cannot be read
   */
  static ParquetMetadata footer(Path folder, ShardFile shard, Configuration hadoop)
      throws IOException {
    Path file = new Path(folder, shard.file());
    ParquetMetadata footer;
    StoredFile input = new StoredFile(Storage.of(file, hadoop), file, shard.bytes());
    try (SeekableInputStream in = input.newStream()) {
      footer = ParquetFileReader.readFooter(input, ParquetReadOptions.builder().build(), in);
    } catch (RuntimeException e) { // What Parquet throws for a file that is none.
      throw new DamagedException("Cannot read shard " + file + ": " + e, e);
    }
    MessageType schema = footer.getFileMetaData().getSchema();
    Check.undamaged(
        ShardSchema.ALL.getFields().equals(schema.getFields())
            || ShardSchema.WEIGHTED.getFields().equals(schema.getFields()),
        "Cannot read shard %s: its columns are %s",
        file,
        schema);
    Check.undamaged(
        footer.getBlocks().stream()
            .map(group -> Math.toIntExact(group.getRowCount()))
            .toList()
            .equals(shard.rowGroups()),
        "Cannot read shard %s: its row groups are not those of the manifest",
        file);
    return footer;
  }

  /**
   * Opens a shard.
   *
   * @param folder where the shard is
   * @param shard which
   * @param footer the shard's
   * @param manifest of the folder
   * @param hadoop how to reach the filesystem
   * @throws IOException if it cannot be read
   */
  @SuppressWarnings("deprecation") // Parquet 1.13 has no other that is given the footer.
  ShardReader(
      Path folder,
      ShardFile shard,
      ParquetMetadata footer,
      ShardManifest manifest,
      Configuration hadoop)
      throws IOException {
    this.file = new Path(folder, shard.file());
    this.shard = shard;
    this.manifest = manifest;
    this.parquet = new ParquetFileReader(hadoop, new PlainPath(file), footer);
  }

  /** A path whose filesystem is the one of {@link Storage}, and not Hadoop's with its checksums. */
  private static final class PlainPath extends Path {
    private static final long serialVersionUID = 1L;

    PlainPath(Path file) {
      super(file.toUri());
    }

    @Override
    public FileSystem getFileSystem(Configuration hadoop) throws IOException {
      return Storage.of(new Path(toUri()), hadoop);
    }
  }

  /**
   * Reads one row group.
   *
   * @param rowGroup its index
   * @throws DamagedException if it does not hold what the manifest says
   * @throws IOException if it cannot be read
   */
  public ShardBlock read(int rowGroup) throws IOException {
    String name = "row group " + rowGroup + " of shard " + file;
    try {
      PageReadStore pages = parquet.readRowGroup(rowGroup);
      ColumnReadStoreImpl columns =
          new ColumnReadStoreImpl(
              pages,
              new IgnoredRecord(),
              ShardSchema.WEIGHTED, // Only the columns that are asked for are looked up.
              parquet.getFileMetaData().getCreatedBy());
      return block(name, columns, shard.rowGroups().get(rowGroup));
    } catch (StokerException e) {
      throw e;
    } catch (RuntimeException e) { // Parquet has no exception of its own for damaged pages.
      throw new DamagedException("Cannot read " + name + ": " + e, e);
    }
  }

  /**
   * The labels of each row group, without the other columns. This reader cannot read row groups
   * afterwards.
   *
   * @throws DamagedException if there are labels that no class has
   * @throws IOException if they cannot be read
   */
  List<int[]> labels() throws IOException {
    parquet.setRequestedSchema(ShardSchema.LABELS);
    List<int[]> labels = new ArrayList<>();
    for (int rowGroup = 0; rowGroup < shard.rowGroups().size(); rowGroup++) {
      String name = "row group " + rowGroup + " of shard " + file;
      try {
        ColumnReadStoreImpl columns =
            new ColumnReadStoreImpl(
                parquet.readRowGroup(rowGroup),
                new IgnoredRecord(),
                ShardSchema.LABELS,
                parquet.getFileMetaData().getCreatedBy());
        labels.add(labels(name, columns, ShardSchema.LABELS, shard.rowGroups().get(rowGroup)));
      } catch (StokerException e) {
        throw e;
      } catch (RuntimeException e) { // Parquet has no exception of its own for damaged pages.
        throw new DamagedException("Cannot read " + name + ": " + e, e);
      }
    }
    return labels;
  }

  private int[] labels(String name, ColumnReadStoreImpl columns, MessageType schema, int rows) {
    ColumnReader reader =
        columns.getColumnReader(schema.getColumnDescription(new String[] {ShardSchema.LABEL}));
    int[] labels = new int[rows];
    for (int row = 0; row < rows; row++) {
      labels[row] = reader.getInteger();
      reader.consume();
      if (labels[row] < 0 || labels[row] >= manifest.classes()) {
        throw damaged(
            name, row, "label %d (there are %d classes)", labels[row], manifest.classes());
      }
    }
    return labels;
  }

  private ShardBlock block(String name, ColumnReadStoreImpl columns, int rows) {
    ImageShape[] shapes = shapes(name, columns, rows);
    checkEncoding(name, columns, rows);
    long[] sampleIds = new long[rows];
    int[] labels = labels(name, columns, ShardSchema.ALL, rows);
    String[] paths = new String[rows];
    Binary[] encoded = new Binary[rows];
    int[] offsets = new int[rows + 1];
    ColumnReader ids = column(columns, ShardSchema.SAMPLE_ID);
    ColumnReader origins = column(columns, ShardSchema.PATH);
    ColumnReader images = column(columns, ShardSchema.IMAGE);
    for (int row = 0; row < rows; row++) {
      sampleIds[row] = ids.getLong();
      ids.consume();
      paths[row] = origins.getBinary().toStringUsingUTF8();
      origins.consume();
      encoded[row] = images.getBinary();
      images.consume();
      offsets[row + 1] = Math.addExact(offsets[row], encoded[row].length());
    }
    byte[] bytes = new byte[offsets[rows]];
    for (int row = 0; row < rows; row++) {
      encoded[row].toByteBuffer().get(bytes, offsets[row], encoded[row].length());
    }
    return new ShardBlock(
        name,
        manifest.encoding(),
        sampleIds,
        labels,
        weights(name, columns, rows),
        paths,
        shapes,
        offsets,
        bytes);
  }

  /** The weights of samples; none in a shard without weights. */
  private float[] weights(String name, ColumnReadStoreImpl columns, int rows) {
    if (!parquet.getFileMetaData().getSchema().containsField(ShardSchema.WEIGHT)) {
      return new float[0];
    }
    ColumnReader reader =
        columns.getColumnReader(
            ShardSchema.WEIGHTED.getColumnDescription(new String[] {ShardSchema.WEIGHT}));
    float[] weights = new float[rows];
    for (int row = 0; row < rows; row++) {
      weights[row] = reader.getFloat();
      reader.consume();
      if (!(weights[row] > 0) || weights[row] > Float.MAX_VALUE) {
        throw damaged(name, row, "weight %s (must be a number > 0)", weights[row]);
      }
    }
    return weights;
  }

  private ImageShape[] shapes(String name, ColumnReadStoreImpl columns, int rows) {
    ImageShapes all = manifest.images();
    int[] heights = values(name, columns, ShardSchema.HEIGHT, rows, all.height());
    int[] widths = values(name, columns, ShardSchema.WIDTH, rows, all.width());
    values(name, columns, ShardSchema.CHANNELS, rows, IntRange.of(all.channels()));
    ImageShape[] shapes = new ImageShape[rows];
    for (int row = 0; row < rows; row++) {
      boolean same = row > 0 && heights[row] == heights[row - 1] && widths[row] == widths[row - 1];
      shapes[row] =
          same ? shapes[row - 1] : new ImageShape(heights[row], widths[row], all.channels());
    }
    return shapes;
  }

  private static int[] values(
      String name, ColumnReadStoreImpl columns, String column, int rows, IntRange expected) {
    ColumnReader reader = column(columns, column);
    int[] values = new int[rows];
    for (int row = 0; row < rows; row++) {
      values[row] = reader.getInteger();
      reader.consume();
      if (!expected.contains(values[row])) {
        throw damaged(name, row, "%s is %d, the manifest says %s", column, values[row], expected);
      }
    }
    return values;
  }

  private void checkEncoding(String name, ColumnReadStoreImpl columns, int rows) {
    ColumnReader reader = column(columns, ShardSchema.ENCODING);
    Binary expected = Binary.fromString(manifest.encoding().name());
    for (int row = 0; row < rows; row++) {
      Binary value = reader.getBinary();
      reader.consume();
      if (!value.equals(expected)) {
        throw damaged(
            name,
            row,
            "encoding is %s, the manifest says %s",
            value.toStringUsingUTF8(),
            manifest.encoding().name());
      }
    }
  }

  /** Made where it is thrown: a check would have its arguments made for each row. */
  @FormatMethod
  private static DamagedException damaged(
      String name, int row, @FormatString String problem, Object... arguments) {
    return new DamagedException(
        "Cannot read "
            + name
            + ": in row "
            + row
            + " "
            + String.format(Locale.ROOT, problem, arguments));
  }

  private static ColumnReader column(ColumnReadStoreImpl columns, String name) {
    return columns.getColumnReader(ShardSchema.ALL.getColumnDescription(new String[] {name}));
  }

  @Override
  public void close() throws IOException {
    parquet.close();
  }

  /** Columns are read directly; nothing assembles records from them. */
  private static final class IgnoredRecord extends GroupConverter {
    @Override
    public Converter getConverter(int fieldIndex) {
      return new PrimitiveConverter() {};
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }
}
