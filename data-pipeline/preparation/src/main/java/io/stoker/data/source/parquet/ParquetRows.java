// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.data.source.ClassNames;
import io.stoker.data.source.ImageFiles;
import io.stoker.data.source.LabelledImage;
import io.stoker.data.source.SourceImage;
import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * The rows of some row groups, one after the other. It holds one row, and the dictionaries of its
 * columns. It is closed after the last row, and a caller that stops before closes it.
 */
public final class ParquetRows implements Iterator<LabelledImage>, AutoCloseable {
  private final Iterator<RowGroup> groups;
  private final TableSchema table;
  private final TableSchema.Images images;
  private final Configuration hadoop;
  private final int dictionaryBytes;
  private RowGroup group;
  private RowGroupReader rows;
  private long left;

  /**
   * Reads rows.
   *
   * @param groups which row groups
   * @param table their columns
   * @param images whether images are read
   * @param hadoop how to reach the filesystem
   * @param dictionaryBytes longer dictionaries of images are in a temporary file
   */
  ParquetRows(
      Iterator<RowGroup> groups,
      TableSchema table,
      TableSchema.Images images,
      Configuration hadoop,
      int dictionaryBytes) {
    this.dictionaryBytes = dictionaryBytes;
    this.groups = groups;
    this.table = table;
    this.images = images;
    this.hadoop = hadoop;
  }

  @Override
  public boolean hasNext() {
    while (left == 0) {
      close();
      if (!groups.hasNext()) {
        return false;
      }
      open(groups.next());
    }
    return true;
  }

  @Override
  public LabelledImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    LabelledImage image = labelled(rows.next(), rows.rows() - left);
    left--;
    return image;
  }

  private void open(RowGroup next) {
    group = next;
    Path file = new Path(group.file());
    try {
      FileSystem fileSystem = Storage.of(file, hadoop);
      Footer footer = Footer.read(fileSystem, file);
      rows =
          new RowGroupReader(
              fileSystem,
              file,
              footer,
              group.index(),
              table.projection(footer.schema(), images),
              dictionaryBytes);
      left = rows.rows();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private LabelledImage labelled(Group row, long index) {
    String split = table.split().isEmpty() ? group.split() : text(row, table.split());
    Integer refused = rows.refused().get(index);
    SourceImage image = refused == null ? image(row) : tooLarge(refused, index);
    return new LabelledImage(path(row), className(row), split, image, weight(row));
  }

  private SourceImage tooLarge(int bytes, long index) {
    return new SourceImage.Unreadable(
        ImageFiles.tooLarge(bytes).reason()
            + ", row "
            + index
            + " of row group "
            + group.index()
            + " of "
            + group.file());
  }

  private float weight(Group row) {
    if (table.weight().isEmpty()) {
      return 1;
    }
    if (!isPresent(row, table.weight())) {
      return Float.NaN;
    }
    return switch (row.getType().getType(table.weight()).asPrimitiveType().getPrimitiveTypeName()) {
      case INT32, INT64 -> Float.parseFloat(number(row, table.weight()));
      case FLOAT -> row.getFloat(table.weight(), 0);
      default -> (float) row.getDouble(table.weight(), 0);
    };
  }

  private String path(Group row) {
    return switch (table.kind()) {
      case BYTES -> "";
      case URI -> text(row, table.image());
      case STRUCTURE ->
          isPresent(row, table.image())
              ? text(row.getGroup(table.image(), 0), TableSchema.PATH)
              : "";
    };
  }

  private SourceImage image(Group row) {
    if (images == TableSchema.Images.LEAVE_OUT || !isPresent(row, table.image())) {
      return SourceImage.Unreadable.NULL;
    }
    return switch (table.kind()) {
      case BYTES -> new SourceImage.Encoded(row.getBinary(table.image(), 0).getBytes());
      case URI -> located(text(row, table.image()));
      case STRUCTURE -> {
        Group image = row.getGroup(table.image(), 0);
        yield isPresent(image, TableSchema.BYTES)
            ? new SourceImage.Encoded(image.getBinary(TableSchema.BYTES, 0).getBytes())
            : located(text(image, TableSchema.PATH));
      }
    };
  }

  /** An image file; a path that is not whole is relative to the table. */
  private SourceImage located(String path) {
    return path.isEmpty() ? SourceImage.Unreadable.NULL : group.paths().read(path, hadoop);
  }

  private String className(Group row) {
    if (!isPresent(row, table.label())) {
      return "";
    }
    PrimitiveTypeName type =
        row.getType().getType(table.label()).asPrimitiveType().getPrimitiveTypeName();
    return switch (type) {
      case INT32, INT64 -> ClassNames.named(number(row, table.label()), table.classNames());
      case BOOLEAN -> Boolean.toString(row.getBoolean(table.label(), 0));
      default -> text(row, table.label());
    };
  }

  /** A whole number in digits: that of a type without a sign may be too large for Java's. */
  private static String number(Group row, String field) {
    PrimitiveType type = row.getType().getType(field).asPrimitiveType();
    boolean isUnsigned =
        type.getLogicalTypeAnnotation() instanceof IntLogicalTypeAnnotation number
            && !number.isSigned();
    if (type.getPrimitiveTypeName() == PrimitiveTypeName.INT32) {
      int value = row.getInteger(field, 0);
      return isUnsigned ? Integer.toUnsignedString(value) : Integer.toString(value);
    }
    long value = row.getLong(field, 0);
    return isUnsigned ? Long.toUnsignedString(value) : Long.toString(value);
  }

  private static String text(Group row, String field) {
    boolean isText =
        row.getType().getType(field).asPrimitiveType().getPrimitiveTypeName()
            == PrimitiveTypeName.BINARY;
    return isText && isPresent(row, field) ? row.getBinary(field, 0).toStringUsingUTF8() : "";
  }

  private static boolean isPresent(Group row, String field) {
    return row.getFieldRepetitionCount(field) > 0;
  }

  @Override
  public void close() {
    if (rows != null) {
      rows.close();
      rows = null;
    }
  }
}
