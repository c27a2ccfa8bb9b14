// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.Arrays;

/**
 * A dictionary page of byte arrays that is too large for memory: its entries are in a temporary
 * file, which is deleted when the dictionary is closed. PyArrow writes dictionaries of images,
 * which may be as large as the row group.
 */
final class LargeDictionary implements AutoCloseable {
  private static final int BLOCK_BYTES = 1 << 16;

  private final FileChannel file;

  /** Where the entries begin, and where the last one ends. */
  private final long[] offsets;

  private LargeDictionary(FileChannel file, long[] offsets) {
    this.file = file;
    this.offsets = offsets;
  }

  /**
   * Copies the entries of a dictionary page.
   *
   * @param in the entries in plain encoding
   * @param bytes the length of all, in plain encoding
   * @param count the number of entries
   * @throws IOException if the page is damaged, or the disk is full
   */
  static LargeDictionary copy(InputStream in, long bytes, int count) throws IOException {
    FileChannel file =
        FileChannel.open(
            Files.createTempFile("stoker-dictionary", ".bin"), READ, WRITE, DELETE_ON_CLOSE);
    try {
      return new LargeDictionary(file, write(in, bytes, count, file));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static long[] write(InputStream in, long bytes, int count, FileChannel file)
      throws IOException {
    PageValues.Plain entries = new PageValues.Plain(in, bytes);
    // The number of entries is not trusted before each has been seen.
    long[] offsets = new long[Math.min(Math.max(0, count), BLOCK_BYTES) + 1];
    byte[] block = new byte[BLOCK_BYTES];
    for (int entry = 0; entry < count; entry++) {
      int left = entries.nextLength();
      if (entry + 1 == offsets.length) {
        offsets = Arrays.copyOf(offsets, (int) Math.min(count + 1L, 2L * offsets.length));
      }
      offsets[entry + 1] = offsets[entry] + left;
      while (left > 0) {
        int read = in.readNBytes(block, 0, Math.min(left, block.length));
        if (read == 0) {
          throw new EOFException("the page ends inside a value");
        }
        ByteBuffer buffer = ByteBuffer.wrap(block, 0, read);
        while (buffer.hasRemaining()) {
          file.write(buffer);
        }
        left -= read;
      }
    }
    return Arrays.copyOf(offsets, count + 1);
  }

  /**
   * The length of an entry.
   *
   * @throws IOException if there is no entry of this number
   */
  int length(int number) throws IOException {
    if (number < 0 || number >= offsets.length - 1) {
      throw new IOException(
          "a value is entry " + number + " of a dictionary of " + (offsets.length - 1));
    }
    return (int) (offsets[number + 1] - offsets[number]);
  }

  /** Copies an entry. */
  void read(int number, byte[] target, int offset) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(target, offset, length(number));
    long position = offsets[number];
    while (buffer.hasRemaining()) {
      int read = file.read(buffer, position);
      if (read < 0) {
        throw new EOFException("a temporary file was cut off");
      }
      position += read;
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
