// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import com.github.luben.zstd.ZstdInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.apache.commons.compress.compressors.snappy.SnappyCompressorInputStream;
import org.apache.parquet.format.CompressionCodec;

/**
 * Decompresses pages as streams. Parquet's own codecs take a page whole and return it whole, and do
 * not compare its length with the one that its header says: they try for ever to read a page of
 * Snappy or LZ4_RAW that is shorter.
 */
final class PageCodecs {
  /** Snappy's compressors refer back 64 KiB at most; its format has no limit. */
  private static final int SNAPPY_WINDOW = 1 << 20;

  private PageCodecs() {}

  /** Whether pages of a codec can be read. */
  static boolean isKnown(CompressionCodec codec) {
    return codec != null
        && switch (codec) {
          case UNCOMPRESSED, SNAPPY, GZIP, ZSTD, LZ4, LZ4_RAW -> true;
          default -> false;
        };
  }

  /**
   * The bytes of a page.
   *
   * @param codec one that {@link #isKnown} accepts
   * @param compressed the page in the file
   * @throws IOException if it is not of this codec, or cannot be read
   */
  static InputStream stream(CompressionCodec codec, InputStream compressed) throws IOException {
    return switch (codec) {
      case UNCOMPRESSED -> compressed;
      case SNAPPY -> new SnappyCompressorInputStream(compressed, SNAPPY_WINDOW);
      case GZIP -> new GZIPInputStream(compressed, 1 << 16);
      case ZSTD -> new ZstdInputStream(compressed);
      case LZ4_RAW -> new BlockLZ4CompressorInputStream(compressed);
      case LZ4 -> new HadoopLz4(compressed);
      default -> throw new IOException("Cannot stream " + codec);
    };
  }

  /** Hadoop's form of LZ4: blocks in parts, with the lengths of both before them. */
  private static final class HadoopLz4 extends InputStream {
    private final InputStream compressed;
    private Part block = new Part(InputStream.nullInputStream(), 0);
    private long blockLeft;

    HadoopLz4(InputStream compressed) {
      this.compressed = compressed;
    }

    private int length() throws IOException {
      byte[] length = compressed.readNBytes(Integer.BYTES);
      if (length.length == 0) {
        return -1;
      }
      if (length.length < Integer.BYTES || length[0] < 0) {
        throw new EOFException("a block has no length");
      }
      return ByteBuffer.wrap(length).getInt();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
      while (true) {
        int read = block.read(target, offset, (int) Math.min(count, blockLeft));
        if (read > 0) {
          blockLeft -= read;
          return read;
        }
        if (blockLeft == 0) {
          blockLeft = length();
        }
        if (blockLeft < 0) {
          return -1;
        }
        int bytes = Math.max(0, length());
        block =
            new Part(
                new BlockLZ4CompressorInputStream(new Part(compressed, bytes)), Long.MAX_VALUE);
      }
    }
  }
}
