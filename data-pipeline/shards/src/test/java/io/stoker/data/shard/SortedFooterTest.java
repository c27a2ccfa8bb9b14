// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.testing.Exact;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;
import org.junit.jupiter.api.Test;

class SortedFooterTest {
  private static final byte[] BEFORE = "pages and indexes".getBytes(StandardCharsets.US_ASCII);

  @Test
  @Exact
  void doesNotDependOnTheOrderOfAHashTable() throws IOException {
    byte[] one = tail(List.of(Encoding.PLAIN, Encoding.BIT_PACKED, Encoding.RLE_DICTIONARY));
    byte[] other = tail(List.of(Encoding.RLE_DICTIONARY, Encoding.BIT_PACKED, Encoding.PLAIN));
    assertThat(one).isNotEqualTo(other);

    byte[] sorted = SortedFooter.sorted(other);

    assertThat(sorted).isEqualTo(SortedFooter.sorted(one)).isEqualTo(one).startsWith(BEFORE);
    int length = ByteBuffer.wrap(sorted).order(ByteOrder.LITTLE_ENDIAN).getInt(sorted.length - 8);
    FileMetaData read =
        Util.readFileMetaData(new ByteArrayInputStream(sorted, sorted.length - 8 - length, length));
    assertThat(read.getRow_groups().get(0).getColumns().get(0).getMeta_data().getEncodings())
        .containsExactly(Encoding.PLAIN, Encoding.BIT_PACKED, Encoding.RLE_DICTIONARY);
    assertThat(new String(sorted, sorted.length - 4, 4, StandardCharsets.US_ASCII))
        .isEqualTo("PAR1");
  }

  private static byte[] tail(List<Encoding> encodings) throws IOException {
    ColumnMetaData column =
        new ColumnMetaData(
            Type.INT32, encodings, List.of("label"), CompressionCodec.UNCOMPRESSED, 1, 1, 1, 4);
    RowGroup group = new RowGroup(List.of(new ColumnChunk(0).setMeta_data(column)), 1, 1);
    ByteArrayOutputStream tail = new ByteArrayOutputStream();
    tail.write(BEFORE);
    Util.writeFileMetaData(new FileMetaData(1, List.of(), 1, List.of(group)), tail);
    int length = tail.size() - BEFORE.length;
    tail.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
    tail.write("PAR1".getBytes(StandardCharsets.US_ASCII));
    return tail.toByteArray();
  }
}
