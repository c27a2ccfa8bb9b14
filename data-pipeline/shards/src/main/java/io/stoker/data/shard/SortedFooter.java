// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.base.LittleEndian;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;

/**
 * Puts the encodings that a Parquet file's footer lists for each column into the order of their
 * numbers. Parquet's writer lists them in the order of a hash table of objects without a hash of
 * their own, which is another one in each process.
 */
final class SortedFooter {
  /** The footer's length and the magic number, which end a file. */
  private static final int TRAILER_BYTES = 8;

  private SortedFooter() {}

  /**
   * Rewrites the end of a file with a sorted footer.
   *
   * @param tail the last bytes of a Parquet file, its footer and more
   * @return the same, of the same length or another, with a sorted footer
   */
  static byte[] sorted(byte[] tail) throws IOException {
    int trailer = tail.length - TRAILER_BYTES;
    ByteBuffer numbers = LittleEndian.bytes(tail);
    int footer = trailer - numbers.getInt(trailer);
    FileMetaData metadata =
        Util.readFileMetaData(new ByteArrayInputStream(tail, footer, trailer - footer));
    for (RowGroup group : metadata.getRow_groups()) {
      for (ColumnChunk column : group.getColumns()) {
        column.getMeta_data().getEncodings().sort(Comparator.comparing(Encoding::getValue));
      }
    }
    ByteArrayOutputStream result = new ByteArrayOutputStream(tail.length);
    result.write(tail, 0, footer);
    Util.writeFileMetaData(metadata, result);
    numbers.putInt(trailer, result.size() - footer);
    result.write(tail, trailer, TRAILER_BYTES);
    return result.toByteArray();
  }
}
