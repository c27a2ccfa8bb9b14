// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.apache.parquet.format.CompressionCodec.UNCOMPRESSED;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;

/**
 * The pages of a column chunk, row by row. The column has no repeated values, so each value belongs
 * to a row of its own. A page is read as a stream, whatever its length: PyArrow looks at the size
 * of a page only after 1,024 values, so that a page of images may be as large as the row group.
 *
 * <p>Format: https://parquet.apache.org/docs/file-format/data-pages/.
 */
final class ColumnPages implements AutoCloseable {
  /** Headers may hold the least and the greatest value of a page. */
  private static final int MAXIMUM_HEADER_BYTES = 8 << 20;

  /** What may follow the values of a page: the rest of a block of numbers. */
  private static final int MAXIMUM_PADDING_BYTES = 1 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

  private final ColumnDescriptor column;
  private final ColumnMetaData metadata;
  private final Part chunk;
  private final int inMemory;

  /** The rows whose pages were not begun. */
  private long rows;

  /** Null before the first page. */
  private Page page;

  /** Null if there is none. */
  private ColumnDictionary dictionary;

  /**
   * @param column without repeated values
   * @param metadata of the column chunk
   * @param chunk the bytes of the column chunk
   * @param inMemory dictionaries of so many bytes are held in memory
   */
  ColumnPages(ColumnDescriptor column, ColumnMetaData metadata, Part chunk, int inMemory) {
    this.column = column;
    this.metadata = metadata;
    this.chunk = chunk;
    this.inMemory = inMemory;
    this.rows = metadata.getNum_values();
  }

  /** Goes to the next row, and says its definition level. */
  int nextLevel() throws IOException {
    while (page == null || page.left == 0) {
      end();
      page = nextPage();
    }
    return page.nextLevel();
  }

  /** The values of the rows that have the highest definition level. */
  PageValues values() throws IOException {
    return page.values();
  }

  /** Checks that the page ends where its values do. */
  void end() throws IOException {
    if (page != null) {
      page.bytes.end();
      page = null;
    }
  }

  private Page nextPage() throws IOException {
    while (chunk.left() > 0) {
      PageHeader header =
          Util.readPageHeader(
              new ByteArrayInputStream(ThriftStruct.read(chunk, MAXIMUM_HEADER_BYTES)));
      if (header.getType() == PageType.DATA_PAGE) {
        return first(header);
      } else if (header.getType() == PageType.DATA_PAGE_V2) {
        return second(header);
      } else if (header.getType() == PageType.DICTIONARY_PAGE) {
        readDictionary(header);
      } else {
        chunk.require("a page", header.getCompressed_page_size());
        chunk.skipNBytes(header.getCompressed_page_size());
      }
    }
    throw new EOFException("it ends " + rows + " rows before the row group does");
  }

  private void readDictionary(PageHeader header) throws IOException {
    DictionaryPageHeader own = required(header.getDictionary_page_header());
    if (dictionary != null) {
      throw new IOException("it has two dictionaries");
    }
    PageBytes bytes = new PageBytes(header).content(0, true);
    dictionary =
        new ColumnDictionary(
            bytes.content,
            own.getNum_values(),
            column.getPrimitiveType().getPrimitiveTypeName(),
            inMemory);
    bytes.end();
  }

  private static <T> T required(T header) throws IOException {
    if (header == null) {
      throw new IOException("a page's header is not of the page's type");
    }
    return header;
  }

  private Page first(PageHeader header) throws IOException {
    DataPageHeader own = required(header.getData_page_header());
    PageBytes bytes = new PageBytes(header).content(0, true);
    return new Page(
        bytes,
        own.getNum_values(),
        levels(bytes.content, own.getDefinition_level_encoding(), own.getNum_values()),
        own.getEncoding());
  }

  /** The definition levels before the values of a page of the first version. */
  private Levels levels(Part in, Encoding encoding, int count) throws IOException {
    int width = BytesUtils.getWidthFromMaxInt(column.getMaxDefinitionLevel());
    if (width == 0) {
      return () -> 0;
    }
    if (encoding == Encoding.BIT_PACKED) {
      long bits = (long) count * width;
      return packed(in.bytes("a list of levels", (bits + Byte.SIZE - 1) / Byte.SIZE), width);
    }
    if (encoding != Encoding.RLE) {
      throw new IOException("levels of the encoding " + encoding);
    }
    return runs(in.bytes("a list of levels", in.littleEndian(Integer.BYTES)), width);
  }

  private static Levels runs(byte[] bytes, int width) throws IOException {
    return new RunLengths(new Part(new ByteArrayInputStream(bytes), bytes.length), width)::next;
  }

  /** Levels of earlier releases of Parquet, the highest bits of a byte first. */
  private static Levels packed(byte[] bytes, int width) {
    return new Levels() {
      private int bit;

      @Override
      public int next() {
        int level = 0;
        for (int i = 0; i < width; i++, bit++) {
          int shift = Byte.SIZE - 1 - bit % Byte.SIZE;
          level = (level << 1) | ((bytes[bit / Byte.SIZE] >> shift) & 1);
        }
        return level;
      }
    };
  }

  private Page second(PageHeader header) throws IOException {
    DataPageHeaderV2 own = required(header.getData_page_header_v2());
    long repetition = own.getRepetition_levels_byte_length();
    long definition = own.getDefinition_levels_byte_length();
    PageBytes bytes = new PageBytes(header);
    bytes.stored.bytes("a list of levels", repetition);
    byte[] levels = bytes.stored.bytes("a list of levels", definition);
    int width = BytesUtils.getWidthFromMaxInt(column.getMaxDefinitionLevel());
    return new Page(
        bytes.content(repetition + definition, !own.isSetIs_compressed() || own.isIs_compressed()),
        own.getNum_values(),
        width == 0 ? () -> 0 : runs(levels, width),
        own.getEncoding());
  }

  @Override
  public void close() throws IOException {
    if (page != null) {
      page.bytes.stream.close();
    }
    if (dictionary != null) {
      dictionary.close();
    }
  }

  /** Definition levels, one after the other. */
  private interface Levels {
    int next() throws IOException;
  }

  /** A data page that is being read. */
  private final class Page {
    private final PageBytes bytes;
    private final int count;
    private final Levels levels;
    private final Encoding encoding;
    private int left;

    /** Made when the first value is wanted: of a page of nulls there may be no byte. */
    private PageValues values;

    Page(PageBytes bytes, int count, Levels levels, Encoding encoding) throws IOException {
      if (count < 0 || count > rows) {
        throw new IOException("a page of " + count + " values, where " + rows + " rows are left");
      }
      rows -= count;
      this.bytes = bytes;
      this.count = count;
      this.levels = levels;
      this.encoding = encoding;
      this.left = count;
    }

    int nextLevel() throws IOException {
      int level = levels.next();
      if (level > column.getMaxDefinitionLevel()) {
        throw new IOException("a level of " + level);
      }
      left--;
      return level;
    }

    PageValues values() throws IOException {
      if (values == null) {
        values =
            PageValues.of(
                encoding,
                column.getPrimitiveType().getPrimitiveTypeName(),
                bytes.content,
                count,
                dictionary);
      }
      return values;
    }
  }

  /** The bytes of a page, decompressed while they are read, with the page's checksum. */
  private final class PageBytes {
    private final PageHeader header;
    private final CRC32 crc = new CRC32();
    private final Part stored;
    private InputStream stream;
    private Part content;

    PageBytes(PageHeader header) throws IOException {
      chunk.require("a page", header.getCompressed_page_size());
      this.header = header;
      this.stored =
          new Part(
              header.isSetCrc() ? new CheckedInputStream(chunk, crc) : chunk,
              header.getCompressed_page_size());
      this.stream = stored;
      this.content = stored;
    }

    /** Goes on to the part of a page that may be compressed, after some levels that are not. */
    PageBytes content(long levels, boolean isCompressed) throws IOException {
      long bytes = header.getUncompressed_page_size() - levels;
      if (bytes < 0) {
        throw new IOException("a page of " + header.getUncompressed_page_size() + " bytes");
      }
      if (isCompressed && stored.left() > 0 && metadata.getCodec() != UNCOMPRESSED) {
        stream =
            new BufferedInputStream(PageCodecs.stream(metadata.getCodec(), stored), BUFFER_BYTES);
      }
      content = new Part(stream, bytes);
      return this;
    }

    /** Goes to the end of the page. */
    void end() throws IOException {
      if (content.left() > MAXIMUM_PADDING_BYTES) {
        throw new IOException("a page has " + content.left() + " bytes after its values");
      }
      content.bytes("the rest of a page", content.left());
      if (stream.read() >= 0 || stored.left() > 0) {
        throw new IOException(
            "a page has more than the "
                + header.getUncompressed_page_size()
                + " bytes that its header says");
      }
      stream.close();
      if (header.isSetCrc() && (int) crc.getValue() != header.getCrc()) {
        throw new IOException("the checksum of a page is wrong");
      }
    }
  }
}
