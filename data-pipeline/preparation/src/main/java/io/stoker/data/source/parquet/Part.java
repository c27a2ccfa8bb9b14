// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A number of bytes of a stream, and nothing after them: a column chunk, or a page. */
final class Part extends FilterInputStream {
  /** What is read whole takes this many bytes of memory at most. */
  static final long MAXIMUM_WHOLE_BYTES =
      Math.max(8L << 20, Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 32));

  private long left;

  Part(InputStream in, long bytes) {
    super(in);
    this.left = bytes;
  }

  /** A part is longer than what has to be read whole may be. */
  static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLongException(String what, long bytes) {
      super(
          what
              + " of "
              + bytes
              + " bytes has to be read whole, and a heap of "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MB has room for "
              + MAXIMUM_WHOLE_BYTES);
    }
  }

  /** The bytes that were not read yet. */
  long left() {
    return left;
  }

  @Override
  public int available() throws IOException {
    return (int) Math.min(left, super.available());
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  @Override
  public int read() throws IOException {
    int value = left > 0 ? super.read() : -1;
    left -= value < 0 ? 0 : 1;
    return value;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    int read = left > 0 ? super.read(target, offset, (int) Math.min(length, left)) : -1;
    if (read == 0) { // Java's loops would try again for ever.
      throw new EOFException("a decompressor gives no more bytes");
    }
    left -= Math.max(0, read);
    return read;
  }

  @Override
  public long skip(long bytes) throws IOException {
    long skipped = super.skip(Math.min(bytes, left));
    left -= skipped;
    return skipped;
  }

  /** A stream that is closed with its file, and not before. */
  @Override
  public void close() {}

  /** The next bytes. They are counted before memory is taken for them. */
  byte[] bytes(String what, long count) throws IOException {
    require(what, count);
    if (count > MAXIMUM_WHOLE_BYTES) {
      throw new TooLongException(what, count);
    }
    byte[] bytes = readNBytes((int) count);
    if (bytes.length < count) {
      throw new EOFException(what + " of " + count + " bytes ends after " + bytes.length);
    }
    return bytes;
  }

  /** Checks that a length is one that can be. */
  void require(String what, long count) throws IOException {
    if (count < 0 || count > left) {
      throw new EOFException(what + " of " + count + " bytes, of which " + left + " are there");
    }
  }

  /** A number of bytes, the lowest first. */
  long littleEndian(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      int next = read();
      if (next < 0) {
        throw new EOFException("it ends inside a number");
      }
      value |= (long) next << (Byte.SIZE * i);
    }
    return value;
  }

  /** A number of seven bits a byte, the lowest first. */
  long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int next = read();
      if (next < 0) {
        throw new EOFException("it ends inside a number");
      }
      value |= (next & 0x7FL) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new IOException("a number of more than 64 bits");
  }
}
