// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.failure.ResourceException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * A row group whose pages are read from the file when they are wanted. Parquet's own reader takes
 * whole column chunks into memory, which for images is nearly the whole row group: often 500 MB.
 * This one holds one page of each column if the page is short, and of a long page of byte arrays
 * one value ({@link SplitPage}); a long dictionary is copied to a temporary file.
 */
final class StreamedRowGroup implements PageReadStore, AutoCloseable {
  /** Pages up to this many bytes are read whole. */
  static final int WHOLE_PAGE_BYTES = 8 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

  private final FileSystem fileSystem;
  private final Path file;
  private final BlockMetaData block;
  private final CodecFactory codecs;
  private final ParquetMetadataConverter converter = new ParquetMetadataConverter();
  private final Map<ColumnPath, ColumnChunkMetaData> chunks = new HashMap<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final int wholePageBytes;
  private final ValueMemory memory = new ValueMemory();

  StreamedRowGroup(FileSystem fileSystem, Path file, BlockMetaData block, int wholePageBytes) {
    this.fileSystem = fileSystem;
    this.file = file;
    this.block = block;
    this.wholePageBytes = wholePageBytes;
    this.codecs = new CodecFactory(fileSystem.getConf(), 0);
    block.getColumns().forEach(chunk -> chunks.put(chunk.getPath(), chunk));
  }

  @Override
  public long getRowCount() {
    return block.getRowCount();
  }

  @Override
  public PageReader getPageReader(ColumnDescriptor column) {
    ColumnChunkMetaData chunk = chunks.get(ColumnPath.get(column.getPath()));
    try {
      FSDataInputStream in = fileSystem.open(file);
      open.add(in);
      in.seek(chunk.getStartingPos());
      Pages pages = new Pages(column, chunk, new Chunk(in, chunk.getTotalSize()));
      open.add(pages);
      return pages;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /** The lengths of the values that were too long to be read, by their rows in the row group. */
  Map<Long, Integer> refused() {
    return memory.refused();
  }

  @Override
  public void close() {
    memory.close();
    codecs.release();
    try {
      for (AutoCloseable each : open) {
        each.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    } catch (Exception e) {
      throw new IllegalStateException("Cannot close " + file, e);
    }
  }

  /** The bytes of a column chunk or of a page, and nothing after them. */
  private static class Part extends FilterInputStream {
    private long left;

    Part(InputStream in, long bytes) {
      super(in);
      this.left = bytes;
    }

    boolean hasMore() {
      return left > 0;
    }

    @Override
    public int read() throws IOException {
      int value = left > 0 ? super.read() : -1;
      left -= value < 0 ? 0 : 1;
      return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = left > 0 ? super.read(target, offset, (int) Math.min(length, left)) : -1;
      left -= Math.max(0, read);
      return read;
    }

    /** A stream that is closed with its file, and not before. */
    @Override
    public void close() {}

    void require(int count) throws IOException {
      if (count < 0 || count > left) {
        throw new EOFException("a page of " + count + " bytes, of which " + left + " are there");
      }
    }
  }

  /** The bytes of a column chunk. */
  private static final class Chunk extends Part {
    Chunk(InputStream in, long bytes) {
      super(new BufferedInputStream(in, BUFFER_BYTES), bytes);
    }

    byte[] bytes(int count) throws IOException {
      require(count);
      byte[] bytes = readNBytes(count);
      if (bytes.length < count) {
        throw new EOFException("the file ends inside a page");
      }
      return bytes;
    }
  }

  /** A page that is read as a stream, with its checksum. */
  private static final class PageStream {
    private final PageHeader header;
    private final CRC32 crc = new CRC32();
    private final Part part;
    private final InputStream checked;

    PageStream(PageHeader header, Chunk chunk) throws IOException {
      chunk.require(header.getCompressed_page_size());
      this.header = header;
      this.part = new Part(chunk, header.getCompressed_page_size());
      this.checked = new CheckedInputStream(part, crc);
    }

    /** Goes to the end of the page. */
    void end() throws IOException {
      checked.transferTo(OutputStream.nullOutputStream());
      if (part.hasMore()) {
        throw new EOFException("the file ends inside a page");
      }
      if (header.isSetCrc() && (int) crc.getValue() != header.getCrc()) {
        throw new IOException("the checksum of a page is wrong");
      }
    }
  }

  /** The pages of a column chunk, one after the other. */
  private final class Pages implements PageReader, AutoCloseable {
    private final ColumnDescriptor column;
    private final ColumnChunkMetaData metadata;
    private final Chunk chunk;
    private final CompressionCodecFactory.BytesInputDecompressor decompressor;

    /** A header that was read before its page was wanted, or null. */
    private PageHeader pending;

    /** A long page that is being read, or null. */
    private PageStream stream;

    private SplitPage split;

    /** Null if the dictionary is short, or there is none. */
    private LargeDictionary dictionary;

    /** The row of the next page's first value, where values are not repeated. */
    private long row;

    Pages(ColumnDescriptor column, ColumnChunkMetaData metadata, Chunk chunk) {
      this.column = column;
      this.metadata = metadata;
      this.chunk = chunk;
      this.decompressor = codecs.getDecompressor(metadata.getCodec());
    }

    @Override
    public long getTotalValueCount() {
      return metadata.getValueCount();
    }

    @Override
    public DictionaryPage readDictionaryPage() {
      try {
        PageHeader header = header();
        if (header == null || header.getType() != PageType.DICTIONARY_PAGE) {
          pending = header;
          return null;
        }
        int count = header.getDictionary_page_header().getNum_values();
        if (isLong(header) && canSplit()) {
          PageStream page = new PageStream(header, chunk);
          dictionary =
              LargeDictionary.copy(
                  PageCodecs.stream(metadata.getCodec(), page.checked),
                  header.getUncompressed_page_size(),
                  count);
          page.end();
          return null;
        }
        return new DictionaryPage(
            decompressed(page(header), header.getUncompressed_page_size()),
            count,
            converter.getEncoding(header.getDictionary_page_header().getEncoding()));
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }

    @Override
    public DataPage readPage() {
      try {
        if (split != null && split.hasNext()) {
          return split.next();
        }
        endSplit();
        for (PageHeader header = header(); header != null; header = header()) {
          if (header.getType() == PageType.DATA_PAGE || header.getType() == PageType.DATA_PAGE_V2) {
            return read(header);
          }
          page(header);
        }
        return null;
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }

    private DataPage read(PageHeader header) throws IOException {
      boolean isFirst = header.getType() == PageType.DATA_PAGE;
      int count =
          isFirst
              ? header.getData_page_header().getNum_values()
              : header.getData_page_header_v2().getNum_values();
      if (isSplit(header, isFirst) && count > 0) {
        stream = new PageStream(header, chunk);
        split = isFirst ? splitFirst(header, count) : splitSecond(header, count);
        row += count;
        return split.next();
      }
      row += count;
      byte[] bytes = page(header);
      return isFirst ? first(header, bytes) : second(header, bytes);
    }

    private void endSplit() throws IOException {
      if (stream != null) {
        stream.end();
      }
      stream = null;
      split = null;
    }

    private boolean isLong(PageHeader header) {
      return header.getUncompressed_page_size() > wholePageBytes
          || header.getCompressed_page_size() > wholePageBytes;
    }

    private boolean canSplit() {
      return column.getMaxRepetitionLevel() == 0
          && column.getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY
          && PageCodecs.canStream(metadata.getCodec());
    }

    private boolean isSplit(PageHeader header, boolean isFirst) {
      if (!canSplit()) {
        return false;
      }
      Encoding encoding =
          converter.getEncoding(
              isFirst
                  ? header.getData_page_header().getEncoding()
                  : header.getData_page_header_v2().getEncoding());
      boolean hasRuns =
          !isFirst
              || converter.getEncoding(header.getData_page_header().getDefinition_level_encoding())
                  == Encoding.RLE;
      return hasRuns
          && (encoding.usesDictionary()
              ? dictionary != null
              : encoding == Encoding.PLAIN && isLong(header));
    }

    private SplitPage splitFirst(PageHeader header, int count) throws IOException {
      InputStream in = PageCodecs.stream(metadata.getCodec(), stream.checked);
      long left = header.getUncompressed_page_size();
      byte[] levels = new byte[0];
      if (column.getMaxDefinitionLevel() > 0) {
        levels = bytes(in, BytesUtils.readIntLittleEndian(in), left - Integer.BYTES);
        left -= Integer.BYTES + levels.length;
      }
      Encoding encoding = converter.getEncoding(header.getData_page_header().getEncoding());
      return new SplitPage(column, row, count, levels, values(encoding, in, left), memory);
    }

    private SplitPage splitSecond(PageHeader header, int count) throws IOException {
      DataPageHeaderV2 own = header.getData_page_header_v2();
      long left = header.getUncompressed_page_size();
      bytes(stream.checked, own.getRepetition_levels_byte_length(), left);
      byte[] levels = bytes(stream.checked, own.getDefinition_levels_byte_length(), left);
      left -= (long) own.getRepetition_levels_byte_length() + levels.length;
      InputStream in =
          own.isIs_compressed() && left > 0
              ? PageCodecs.stream(metadata.getCodec(), stream.checked)
              : stream.checked;
      Encoding encoding = converter.getEncoding(own.getEncoding());
      return new SplitPage(column, row, count, levels, values(encoding, in, left), memory);
    }

    private PageValues values(Encoding encoding, InputStream in, long left) throws IOException {
      return encoding.usesDictionary()
          ? new PageValues.OfDictionary(bytes(in, left, left), dictionary)
          : new PageValues.Plain(in, left);
    }

    /** Some bytes of a page of which as many, or fewer, are left. */
    private byte[] bytes(InputStream in, long count, long left) throws IOException {
      if (count < 0 || count > left || count > Integer.MAX_VALUE) {
        throw new EOFException("a page with " + count + " bytes, of which " + left + " are there");
      }
      byte[] bytes = in.readNBytes((int) count);
      if (bytes.length < count) {
        throw new EOFException("the page ends inside its values");
      }
      return bytes;
    }

    @Override
    public void close() throws IOException {
      if (dictionary != null) {
        dictionary.close();
      }
    }

    private PageHeader header() throws IOException {
      PageHeader header = pending;
      pending = null;
      if (header != null) {
        return header;
      }
      return chunk.hasMore() ? Util.readPageHeader(chunk) : null;
    }

    private byte[] page(PageHeader header) throws IOException {
      checkMemory(header);
      byte[] bytes = chunk.bytes(header.getCompressed_page_size());
      if (header.isSetCrc()) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if ((int) crc.getValue() != header.getCrc()) {
          throw new IOException("the checksum of a page is wrong");
        }
      }
      return bytes;
    }

    /** A long page that cannot be split is in memory twice, and its file's bytes once. */
    private void checkMemory(PageHeader header) {
      long heap = Runtime.getRuntime().maxMemory();
      long need = 2L * header.getUncompressed_page_size() + header.getCompressed_page_size();
      if (isLong(header) && need > heap / 2) {
        throw new ResourceException(
            String.format(
                Locale.ROOT,
                "Cannot read %s: a page of column %s has %d bytes and, with codec %s and these"
                    + " encodings %s, has to be read whole, for which a heap of %d MB is too small"
                    + " (give it more, or write the table with smaller pages)",
                file,
                metadata.getPath().toDotString(),
                header.getUncompressed_page_size(),
                metadata.getCodec(),
                metadata.getEncodings(),
                heap >> 20));
      }
    }

    @SuppressWarnings("deprecation") // of Parquet 1.17; 1.13 has no other
    private BytesInput decompressed(byte[] bytes, int length) throws IOException {
      // At once: some decompressors keep the bytes in a buffer that they use again.
      return BytesInput.from(decompressor.decompress(BytesInput.from(bytes), length).toByteArray());
    }

    private DataPage first(PageHeader page, byte[] bytes) throws IOException {
      DataPageHeader header = page.getData_page_header();
      return new DataPageV1(
          decompressed(bytes, page.getUncompressed_page_size()),
          header.getNum_values(),
          page.getUncompressed_page_size(),
          noStatistics(),
          converter.getEncoding(header.getRepetition_level_encoding()),
          converter.getEncoding(header.getDefinition_level_encoding()),
          converter.getEncoding(header.getEncoding()));
    }

    private DataPage second(PageHeader page, byte[] bytes) throws IOException {
      DataPageHeaderV2 header = page.getData_page_header_v2();
      int repetition = header.getRepetition_levels_byte_length();
      int definition = header.getDefinition_levels_byte_length();
      int levels = repetition + definition;
      byte[] data = java.util.Arrays.copyOfRange(bytes, levels, bytes.length);
      return DataPageV2.uncompressed(
          header.getNum_rows(),
          header.getNum_nulls(),
          header.getNum_values(),
          BytesInput.from(bytes, 0, repetition),
          BytesInput.from(bytes, repetition, definition),
          converter.getEncoding(header.getEncoding()),
          header.isIs_compressed() && data.length > 0
              ? decompressed(data, page.getUncompressed_page_size() - levels)
              : BytesInput.from(data),
          noStatistics());
    }

    private Statistics<?> noStatistics() {
      return Statistics.getBuilderForReading(metadata.getPrimitiveType()).build();
    }
  }
}
