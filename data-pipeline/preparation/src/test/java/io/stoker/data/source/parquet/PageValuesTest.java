// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.values.ValuesWriter;
import org.apache.parquet.column.values.bytestreamsplit.ByteStreamSplitValuesWriter;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesWriterForInteger;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesWriterForLong;
import org.apache.parquet.column.values.deltalengthbytearray.DeltaLengthByteArrayValuesWriter;
import org.apache.parquet.column.values.deltastrings.DeltaByteArrayWriter;
import org.apache.parquet.column.values.plain.BooleanPlainValuesWriter;
import org.apache.parquet.column.values.plain.PlainValuesWriter;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridValuesWriter;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Values that Parquet's own writers encode. */
class PageValuesTest {
  private static final int COUNT = 300;
  private static final HeapByteBufferAllocator HEAP = new HeapByteBufferAllocator();

  static Stream<Arguments> encodings() {
    return Stream.of(
        of(Encoding.PLAIN, PrimitiveTypeName.BOOLEAN, new BooleanPlainValuesWriter()),
        of(
            Encoding.RLE,
            PrimitiveTypeName.BOOLEAN,
            new RunLengthBitPackingHybridValuesWriter(1, 99, 9999, HEAP)),
        of(Encoding.PLAIN, PrimitiveTypeName.INT32, new PlainValuesWriter(99, 9999, HEAP)),
        of(Encoding.PLAIN, PrimitiveTypeName.INT64, new PlainValuesWriter(99, 9999, HEAP)),
        of(Encoding.PLAIN, PrimitiveTypeName.FLOAT, new PlainValuesWriter(99, 9999, HEAP)),
        of(Encoding.PLAIN, PrimitiveTypeName.DOUBLE, new PlainValuesWriter(99, 9999, HEAP)),
        of(Encoding.PLAIN, PrimitiveTypeName.BINARY, new PlainValuesWriter(99, 9999, HEAP)),
        of(
            Encoding.DELTA_BINARY_PACKED,
            PrimitiveTypeName.INT32,
            new DeltaBinaryPackingValuesWriterForInteger(128, 4, 99, 9999, HEAP)),
        of(
            Encoding.DELTA_BINARY_PACKED,
            PrimitiveTypeName.INT64,
            new DeltaBinaryPackingValuesWriterForLong(128, 4, 99, 9999, HEAP)),
        of(
            Encoding.DELTA_LENGTH_BYTE_ARRAY,
            PrimitiveTypeName.BINARY,
            new DeltaLengthByteArrayValuesWriter(99, 9999, HEAP)),
        of(
            Encoding.DELTA_BYTE_ARRAY,
            PrimitiveTypeName.BINARY,
            new DeltaByteArrayWriter(99, 9999, HEAP)),
        of(
            Encoding.BYTE_STREAM_SPLIT,
            PrimitiveTypeName.FLOAT,
            new ByteStreamSplitValuesWriter.FloatByteStreamSplitValuesWriter(99, 9999, HEAP)),
        of(
            Encoding.BYTE_STREAM_SPLIT,
            PrimitiveTypeName.DOUBLE,
            new ByteStreamSplitValuesWriter.DoubleByteStreamSplitValuesWriter(99, 9999, HEAP)));
  }

  private static Arguments of(Encoding encoding, PrimitiveTypeName type, ValuesWriter writer) {
    return Arguments.of(encoding, type, writer);
  }

  private static long bits(PrimitiveTypeName type, SplittableRandom random) {
    return switch (type) {
      case BOOLEAN -> random.nextInt(10) / 9;
      case INT32 -> random.nextInt() & 0xFFFFFFFFL;
      case FLOAT -> Float.floatToIntBits((float) random.nextInt()) & 0xFFFFFFFFL;
      case DOUBLE -> Double.doubleToLongBits((double) random.nextLong());
      default -> random.nextLong();
    };
  }

  /** Some equal to the one before, some longer, some empty. */
  private static byte[] text(SplittableRandom random) {
    return ("p" + random.nextInt(9) + "x".repeat(random.nextInt(40)))
        .substring(random.nextInt(2))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] written(PrimitiveTypeName type, ValuesWriter writer) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < COUNT; i++) {
      if (type == PrimitiveTypeName.BINARY) {
        writer.writeBytes(Binary.fromConstantByteArray(text(random)));
        continue;
      }
      long bits = bits(type, random);
      switch (type) {
        case BOOLEAN -> {
          if (writer instanceof BooleanPlainValuesWriter) {
            writer.writeBoolean(bits != 0);
          } else {
            writer.writeInteger((int) bits);
          }
        }
        case INT32 -> writer.writeInteger((int) bits);
        case INT64 -> writer.writeLong(bits);
        case FLOAT -> writer.writeFloat(Float.intBitsToFloat((int) bits));
        default -> writer.writeDouble(Double.longBitsToDouble(bits));
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    writer.getBytes().writeAllTo(bytes);
    return bytes.toByteArray();
  }

  private static PageValues values(Encoding encoding, PrimitiveTypeName type, byte[] bytes)
      throws IOException {
    Part in = new Part(new ByteArrayInputStream(bytes), bytes.length);
    return PageValues.of(encoding, type, in, COUNT, null);
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void readsWhatParquetWrites(Encoding encoding, PrimitiveTypeName type, ValuesWriter writer)
      throws IOException {
    PageValues values = values(encoding, type, written(type, writer));

    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < COUNT; i++) {
      if (type == PrimitiveTypeName.BINARY) {
        byte[] expected = text(random);
        byte[] value = new byte[(int) values.next() + 2];
        if (i % 7 == 3) {
          values.skip();
        } else {
          values.read(value, 1);
          assertThat(value)
              .isEqualTo(ByteBuffer.allocate(value.length).position(1).put(expected).array());
        }
      } else {
        long value = values.next();
        boolean isShort = type == PrimitiveTypeName.INT32 || type == PrimitiveTypeName.FLOAT;
        assertThat(isShort ? value & 0xFFFFFFFFL : value).isEqualTo(bits(type, random));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void endsForEachByteThatIsDamaged(Encoding encoding, PrimitiveTypeName type, ValuesWriter writer)
      throws IOException {
    byte[] bytes = written(type, writer);
    for (int at = 0; at < bytes.length; at++) {
      for (int value : new int[] {0, 1, 0x7F, 0x80, 0xFF}) {
        byte[] bad = bytes.clone();
        bad[at] = (byte) value;
        try {
          PageValues values = values(encoding, type, bad);
          for (int i = 0; i < COUNT; i++) {
            long next = values.next();
            if (type == PrimitiveTypeName.BINARY) {
              values.read(new byte[(int) next], 0);
            }
          }
        } catch (IOException e) {
          assertThat(e.getMessage()).isNotBlank();
        }
      }
    }
  }

  @Test
  void refusesEncodingsThatDoNotFit() {
    for (Encoding encoding :
        new Encoding[] {null, Encoding.BIT_PACKED, Encoding.RLE, Encoding.RLE_DICTIONARY}) {
      assertThatThrownBy(() -> values(encoding, PrimitiveTypeName.INT32, new byte[9]))
          .isInstanceOf(IOException.class);
    }
  }
}
