// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.IOException;

/**
 * Whole numbers as differences to the number before, in blocks.
 *
 * <p>Format: https://parquet.apache.org/docs/file-format/data-pages/encodings/, DELTA_BINARY_PACKED
 * = 5.
 */
final class DeltaNumbers {
  private static final int MAXIMUM_BLOCK = 1 << 20;

  private final Part in;
  private final RunLengths.Bits bits;
  private final long perMiniblock;
  private final int miniblocks;
  private final long count;
  private byte[] widths = new byte[0];
  private long minimum;
  private long value;
  private long index;

  DeltaNumbers(Part in) throws IOException {
    this.in = in;
    this.bits = new RunLengths.Bits(in);
    long block = in.varint();
    long parts = in.varint();
    if (block <= 0 || block > MAXIMUM_BLOCK || parts <= 0 || block % (Byte.SIZE * parts) != 0) {
      throw new IOException("blocks of " + block + " numbers in " + parts + " parts");
    }
    this.miniblocks = (int) parts;
    this.perMiniblock = block / parts;
    this.count = in.varint();
    this.value = zigzag();
  }

  private long zigzag() throws IOException {
    long number = in.varint();
    return (number >>> 1) ^ -(number & 1);
  }

  long next() throws IOException {
    if (index >= count || count < 0) {
      throw new IOException("it has " + count + " numbers, and more are asked for");
    }
    if (index > 0) {
      long within = (index - 1) % (perMiniblock * miniblocks);
      if (within == 0) {
        minimum = zigzag();
        widths = in.bytes("a list of widths", miniblocks);
      }
      if (within % perMiniblock == 0) {
        bits.align();
      }
      int width = widths[(int) (within / perMiniblock)];
      if (width < 0 || width > Long.SIZE) {
        throw new IOException("numbers of " + width + " bits");
      }
      value += minimum + bits.next(width);
    }
    index++;
    return value;
  }

  /**
   * All the numbers, which other values follow.
   *
   * @param most that there can be
   */
  int[] all(int most) throws IOException {
    if (count < 0 || count > most) {
      throw new IOException("it has " + count + " numbers, for " + most + " values");
    }
    if (count * Integer.BYTES > Part.MAXIMUM_WHOLE_BYTES) {
      throw new Part.TooLongException("a list", count * Integer.BYTES);
    }
    int[] numbers = new int[(int) count];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (int) next();
    }
    while (index > 1 && (index - 1) % perMiniblock != 0) { // The last part is filled up.
      bits.next(widths[(int) ((index - 1) % (perMiniblock * miniblocks) / perMiniblock)]);
      index++;
    }
    return numbers;
  }
}
