// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * The entries of a dictionary page. Byte arrays that are too many for memory are in a temporary
 * file, which is deleted when the dictionary is closed: PyArrow writes dictionaries of images,
 * which may be as large as the row group.
 */
final class ColumnDictionary implements AutoCloseable {
  private static final int BLOCK_BYTES = 1 << 16;

  /** Numbers; of byte arrays, where each begins, and where the last one ends. */
  private final long[] numbers;

  private final boolean isBinary;
  private final byte[] memory;

  /** Null if the byte arrays are in memory. */
  private final FileChannel file;

  /**
   * Copies the entries of a dictionary page.
   *
   * @param in the entries in plain encoding
   * @param count the number of entries
   * @param type of the entries
   * @param inMemory entries of so many bytes are held in memory
   * @throws IOException if the page is damaged
   * @throws UncheckedIOException if a temporary file cannot be written
   */
  ColumnDictionary(Part in, int count, PrimitiveTypeName type, int inMemory) throws IOException {
    // Each entry has at least a byte: a count that cannot be is refused before it costs memory.
    in.require("a dictionary", count);
    if (count * (long) Long.BYTES > Part.MAXIMUM_WHOLE_BYTES) {
      throw new Part.TooLongException("a dictionary", count * (long) Long.BYTES);
    }
    numbers = new long[count + 1];
    isBinary = type == PrimitiveTypeName.BINARY;
    boolean isLong = isBinary && in.left() > inMemory;
    memory = new byte[isLong ? BLOCK_BYTES : isBinary ? (int) in.left() : 0];
    file = isLong ? temporaryFile() : null;
    try {
      PageValues entries = PageValues.of(Encoding.PLAIN, type, in, count, null);
      for (int entry = 0; entry < count; entry++) {
        long value = entries.next();
        numbers[isBinary ? entry + 1 : entry] = isBinary ? numbers[entry] + value : value;
        if (isLong) {
          append(in, value);
        } else if (isBinary) {
          entries.read(memory, (int) numbers[entry]);
        }
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private static FileChannel temporaryFile() {
    try {
      return FileChannel.open(
          Files.createTempFile("stoker-dictionary", ".bin"), READ, WRITE, DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw failed("write", e);
    }
  }

  private static UncheckedIOException failed(String verb, IOException failure) {
    return new UncheckedIOException(
        "Cannot " + verb + " a temporary file in " + System.getProperty("java.io.tmpdir"), failure);
  }

  private void append(Part in, long bytes) throws IOException {
    for (long left = bytes; left > 0; ) {
      int read = in.readNBytes(memory, 0, (int) Math.min(left, memory.length));
      if (read == 0) {
        throw new EOFException("it ends inside a value");
      }
      ByteBuffer buffer = ByteBuffer.wrap(memory, 0, read);
      try {
        while (buffer.hasRemaining()) {
          file.write(buffer);
        }
      } catch (IOException e) {
        throw failed("write", e);
      }
      left -= read;
    }
  }

  /**
   * An entry, or its length if it is a byte array.
   *
   * @throws IOException if there is no entry of this number
   */
  long value(int entry) throws IOException {
    if (entry < 0 || entry >= numbers.length - 1) {
      throw new IOException(
          "a value is entry " + entry + " of a dictionary of " + (numbers.length - 1));
    }
    return isBinary ? numbers[entry + 1] - numbers[entry] : numbers[entry];
  }

  /** Copies an entry that is a byte array. */
  void read(int entry, byte[] target, int offset) {
    int length = (int) (numbers[entry + 1] - numbers[entry]);
    if (file == null) {
      System.arraycopy(memory, (int) numbers[entry], target, offset, length);
      return;
    }
    ByteBuffer buffer = ByteBuffer.wrap(target, offset, length);
    try {
      while (buffer.hasRemaining()) {
        if (file.read(buffer, numbers[entry] + buffer.position() - offset) < 0) {
          throw new EOFException("it was cut off");
        }
      }
    } catch (IOException e) {
      throw failed("read", e);
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
