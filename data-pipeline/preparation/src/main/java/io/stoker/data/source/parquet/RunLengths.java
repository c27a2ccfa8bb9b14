// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Whole numbers of a few bits: runs of equal ones, and packed ones. Levels, and numbers of entries
 * of a dictionary, are stored as such.
 *
 * <p>Format: https://parquet.apache.org/docs/file-format/data-pages/encodings/, RLE = 3.
 */
final class RunLengths {
  private static final int GROUP = 8;

  private final Part in;
  private final int width;
  private final Bits bits;
  private long left;
  private boolean isPacked;
  private int value;

  /**
   * @param in the runs
   * @param width bits of a number, from 0 to 32
   */
  RunLengths(Part in, int width) throws IOException {
    if (width < 0 || width > Integer.SIZE) {
      throw new IOException("numbers of " + width + " bits");
    }
    this.in = in;
    this.width = width;
    this.bits = new Bits(in);
  }

  int next() throws IOException {
    while (left == 0) {
      long head = in.varint() & 0xFFFFFFFFL;
      isPacked = (head & 1) == 1;
      left = (head >>> 1) * (isPacked ? GROUP : 1);
      bits.align();
      value = isPacked ? 0 : (int) in.littleEndian((width + Byte.SIZE - 1) / Byte.SIZE);
    }
    left--;
    return isPacked ? (int) bits.next(width) : value;
  }

  /** Numbers of some bits each, the lowest bits of a byte first. */
  static final class Bits {
    private final InputStream in;
    private int rest;
    private int have;

    Bits(InputStream in) {
      this.in = in;
    }

    /** Goes on with the next whole byte. */
    void align() {
      have = 0;
    }

    long next(int width) throws IOException {
      long value = 0;
      for (int got = 0; got < width; ) {
        if (have == 0) {
          rest = in.read();
          have = Byte.SIZE;
          if (rest < 0) {
            throw new EOFException("it ends inside its numbers");
          }
        }
        int take = Math.min(have, width - got);
        value |= (long) (rest & ((1 << take) - 1)) << got;
        rest >>>= take;
        have -= take;
        got += take;
      }
      return value;
    }
  }
}
