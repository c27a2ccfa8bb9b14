// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
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

/**
 * A row group whose pages are read from the file when they are wanted. Parquet's own reader takes
 * whole column chunks into memory, which for images is nearly the whole row group: often 500 MB.
 * This one holds one page of each column.
 */
final class StreamedRowGroup implements PageReadStore, AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final FileSystem fileSystem;
  private final Path file;
  private final BlockMetaData block;
  private final CodecFactory codecs;
  private final ParquetMetadataConverter converter = new ParquetMetadataConverter();
  private final Map<ColumnPath, ColumnChunkMetaData> chunks = new HashMap<>();
  private final List<InputStream> open = new ArrayList<>();

  StreamedRowGroup(FileSystem fileSystem, Path file, BlockMetaData block) {
    this.fileSystem = fileSystem;
    this.file = file;
    this.block = block;
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
      return new Pages(chunk, new Chunk(in, chunk.getTotalSize()));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  @Override
  public void close() {
    codecs.release();
    try {
      for (InputStream in : open) {
        in.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /** The bytes of a column chunk, and nothing after them. */
  private static final class Chunk extends FilterInputStream {
    private long left;

    Chunk(InputStream in, long bytes) {
      super(new BufferedInputStream(in, BUFFER_BYTES));
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

    byte[] bytes(int count) throws IOException {
      if (count < 0 || count > left) {
        throw new EOFException("a page of " + count + " bytes, of which " + left + " are there");
      }
      byte[] bytes = readNBytes(count);
      if (bytes.length < count) {
        throw new EOFException("the file ends inside a page");
      }
      return bytes;
    }
  }

  /** The pages of a column chunk, one after the other. */
  private final class Pages implements PageReader {
    private final ColumnChunkMetaData metadata;
    private final Chunk chunk;
    private final CompressionCodecFactory.BytesInputDecompressor decompressor;

    /** A header that was read before its page was wanted, or null. */
    private PageHeader pending;

    Pages(ColumnChunkMetaData metadata, Chunk chunk) {
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
        return new DictionaryPage(
            decompressed(page(header), header.getUncompressed_page_size()),
            header.getDictionary_page_header().getNum_values(),
            converter.getEncoding(header.getDictionary_page_header().getEncoding()));
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
      }
    }

    @Override
    public DataPage readPage() {
      try {
        for (PageHeader header = header(); header != null; header = header()) {
          byte[] bytes = page(header);
          if (header.getType() == PageType.DATA_PAGE) {
            return first(header, bytes);
          } else if (header.getType() == PageType.DATA_PAGE_V2) {
            return second(header, bytes);
          }
        }
        return null;
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read " + file, e);
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
