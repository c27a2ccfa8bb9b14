// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.apache.commons.compress.compressors.snappy.SnappyCompressorInputStream;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Decompresses pages as streams. Parquet's own codecs take a page whole, and return it whole: twice
 * its size in memory.
 */
final class PageCodecs {
  /** Snappy's compressors refer back 64 KiB at most; its format has no limit. */
  private static final int SNAPPY_WINDOW = 1 << 20;

  private PageCodecs() {}

  /** Whether pages of a codec can be read as streams. */
  static boolean canStream(CompressionCodecName codec) {
    return switch (codec) {
      case UNCOMPRESSED, SNAPPY, GZIP, ZSTD, LZ4_RAW -> true;
      default -> false;
    };
  }

  /**
   * The bytes of a page.
   *
   * @param codec one that {@link #canStream} accepts
   * @param compressed the page in the file
   * @throws IOException if it is not of this codec, or cannot be read
   */
  static InputStream stream(CompressionCodecName codec, InputStream compressed) throws IOException {
    return switch (codec) {
      case UNCOMPRESSED -> compressed;
      case SNAPPY -> new SnappyCompressorInputStream(compressed, SNAPPY_WINDOW);
      case GZIP -> new GZIPInputStream(compressed, 1 << 16);
      case ZSTD -> new ZstdInputStream(compressed);
      case LZ4_RAW -> new BlockLZ4CompressorInputStream(compressed);
      default -> throw new IllegalArgumentException("Cannot stream " + codec);
    };
  }
}
