// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;

/**
 * A data page of byte arrays that is handed out as small pages, in plain encoding. Writers look at
 * the size of a page only after a number of rows (PyArrow after 1,024), so that a page of images
 * may be as large as the row group.
 *
 * <p>Format: https://parquet.apache.org/docs/file-format/data-pages/. The column has no repeated
 * values, so each value belongs to a row of its own.
 */
final class SplitPage {
  /** A small page ends when it has this many bytes; a longer value has a page of its own. */
  static final int PART_BYTES = 1 << 20;

  /** Decides whether a long value is read. */
  interface Limit {
    /**
     * Waits until there is memory for a small page.
     *
     * @param row its first row, in the row group
     * @param length its bytes
     * @return whether it is to be read; if not, an empty value takes the place of a long one
     */
    boolean admits(long row, int length);
  }

  private final ColumnDescriptor column;
  private final PageValues values;
  private final RunLengthBitPackingHybridDecoder levels;
  private final Limit limit;
  private long row;
  private int left;

  /** Definition level and length of the next value, or -1 where they were not read yet. */
  private int level = -1;

  private int length = -1;

  /**
   * Splits a page.
   *
   * @param column whose page it is
   * @param firstRow the row, in the row group, of the page's first value
   * @param count the number of values, with those that are null
   * @param levels the definition levels, encoded; empty if no value can be null
   * @param values those that are not null
   * @param limit on long values
   */
  SplitPage(
      ColumnDescriptor column,
      long firstRow,
      int count,
      byte[] levels,
      PageValues values,
      Limit limit) {
    this.column = column;
    this.row = firstRow;
    this.left = count;
    this.levels =
        new RunLengthBitPackingHybridDecoder(
            BytesUtils.getWidthFromMaxInt(column.getMaxDefinitionLevel()),
            new ByteArrayInputStream(levels));
    this.values = values;
    this.limit = limit;
  }

  boolean hasNext() {
    return left > 0;
  }

  /**
   * The next of the small pages.
   *
   * @throws IOException if the page is damaged, or cannot be read
   */
  DataPage next() throws IOException {
    Levels written = new Levels();
    ByteArrayOutputStream small = new ByteArrayOutputStream();
    while (left > 0 && small.size() < PART_BYTES) {
      measure();
      if (length > PART_BYTES) {
        if (written.count > 0) {
          break; // The long value has the next page for itself.
        }
        return longValue();
      }
      if (length >= 0) {
        byte[] value = new byte[length];
        values.read(value, 0);
        BytesUtils.writeIntLittleEndian(small, length);
        small.write(value);
      }
      written.add(level);
      advance();
    }
    limit.admits(row, small.size());
    return page(written.count, written.encoded(), small.toByteArray());
  }

  /** Reads the level of the next value, and its length unless it is null. */
  private void measure() throws IOException {
    if (level >= 0) {
      return;
    }
    level = column.getMaxDefinitionLevel() == 0 ? 0 : levels.readInt();
    length = level == column.getMaxDefinitionLevel() ? values.nextLength() : -1;
  }

  private void advance() {
    level = -1;
    length = -1;
    row++;
    left--;
  }

  private DataPage longValue() throws IOException {
    Levels written = new Levels();
    written.add(level);
    boolean isAdmitted = limit.admits(row, length);
    byte[] head = written.encoded();
    // One array: Parquet would copy the parts of a page into one.
    byte[] page = new byte[head.length + Integer.BYTES + (isAdmitted ? length : 0)];
    System.arraycopy(head, 0, page, 0, head.length);
    if (isAdmitted) {
      System.arraycopy(BytesUtils.intToBytes(length), 0, page, head.length, Integer.BYTES);
      values.read(page, head.length + Integer.BYTES);
    } else {
      values.skip();
    }
    advance();
    return page(1, BytesInput.from(page));
  }

  private DataPage page(int count, byte[] head, byte[] values) throws IOException {
    return page(count, BytesInput.concat(BytesInput.from(head), BytesInput.from(values)));
  }

  @SuppressWarnings("deprecation") // of Parquet 1.17; 1.13 has no other
  private DataPage page(int count, BytesInput bytes) {
    return new DataPageV1(
        bytes,
        count,
        (int) bytes.size(),
        Statistics.getBuilderForReading(column.getPrimitiveType()).build(),
        Encoding.RLE,
        Encoding.RLE,
        Encoding.PLAIN);
  }

  /** Definition levels as runs of equal ones, as Parquet's RLE encoding has them. */
  private final class Levels {
    private final ByteArrayOutputStream runs = new ByteArrayOutputStream();
    private int count;
    private int value;
    private int length;

    void add(int level) throws IOException {
      if (level != value) {
        end();
        value = level;
      }
      length++;
      count++;
    }

    private void end() throws IOException {
      if (length > 0) {
        BytesUtils.writeUnsignedVarInt(length << 1, runs);
        runs.write(value);
      }
      length = 0;
    }

    /** With their length before them; nothing where no value can be null. */
    byte[] encoded() throws IOException {
      if (column.getMaxDefinitionLevel() == 0) {
        return new byte[0];
      }
      end();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      BytesUtils.writeIntLittleEndian(all, runs.size());
      runs.writeTo(all);
      return all.toByteArray();
    }
  }
}
