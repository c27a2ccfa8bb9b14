// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A file of the MNIST family: a magic number (0, 0, 8 for unsigned bytes, the number of
 * dimensions), the dimensions as big-endian 32-bit numbers, the values. It may be gzipped.
 */
final class IdxFile implements Closeable {
  private static final int UNSIGNED_BYTES = 0x0800;
  private static final int BUFFER_BYTES = 1 << 16;

  /** Deflate makes at most 1032 bytes of one. */
  private static final long GZIP_RATIO = 1032;

  private final Path file;
  private final DataInputStream in;
  private final long fileBytes;
  private final boolean gzipped;
  private final int[] dimensions;

  /**
   * Opens a file and reads its header.
   *
   * @param dimensionCount how many dimensions it must have
   * @throws InputException if it is not an idx file
   * @throws DamagedException if it ends early
   * @throws IOException if it cannot be read
   */
  IdxFile(FileSystem fileSystem, Path file, int dimensionCount) throws IOException {
    this.file = file;
    this.fileBytes = fileSystem.getFileStatus(file).getLen();
    InputStream uncompressed = uncompressed(fileSystem.open(file), file);
    this.gzipped = uncompressed instanceof GZIPInputStream;
    this.in = new DataInputStream(uncompressed);
    this.dimensions = new int[dimensionCount];
    try {
      readHeader(dimensionCount);
      // The caller takes memory for all items: the file must be able to hold them.
      if ((double) items() * itemBytes() > (double) fileBytes * GZIP_RATIO) {
        throw new EOFException();
      }
    } catch (EOFException | ZipException e) {
      in.close();
      throw truncated(e);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private static InputStream uncompressed(InputStream raw, Path file) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(raw, BUFFER_BYTES);
    buffered.mark(2);
    boolean gzipped = buffered.read() == 0x1F && buffered.read() == 0x8B;
    buffered.reset();
    try {
      return gzipped ? new GZIPInputStream(buffered, BUFFER_BYTES) : buffered;
    } catch (IOException e) {
      buffered.close();
      throw new DamagedException("Cannot read " + file + ": its gzip header is damaged", e);
    }
  }

  private void readHeader(int dimensionCount) throws IOException {
    int magic = in.readInt();
    int expected = UNSIGNED_BYTES | dimensionCount;
    Check.input(
        magic == expected,
        "Cannot read %s: its magic number is 0x%08x, that of idx %s is 0x%08x",
        file,
        magic,
        dimensionCount == 1 ? "labels" : "images",
        expected);
    for (int i = 0; i < dimensionCount; i++) {
      dimensions[i] = in.readInt();
    }
    Check.input(
        Arrays.stream(dimensions).allMatch(size -> size > 0)
            && Arrays.stream(dimensions).skip(1).allMatch(size -> size <= 1 << 14),
        "Cannot read %s: its header says %s (items, height, width)",
        file,
        Arrays.toString(dimensions));
  }

  /** Whether it is compressed, so that it must be read from its beginning. */
  boolean isGzipped() {
    return gzipped;
  }

  /**
   * Checks that a file which is not gzipped is as long as its header says.
   *
   * @throws DamagedException if it is not
   */
  void checkLength() {
    long expected = (1L + dimensions.length) * Integer.BYTES + (long) items() * itemBytes();
    if (fileBytes < expected) {
      throw truncated(null);
    }
    if (fileBytes > expected) {
      throw tooLong();
    }
  }

  /** How many items it has: images or labels. */
  int items() {
    return dimensions[0];
  }

  /** The size of a dimension; the first one is the items. */
  int dimension(int index) {
    return dimensions[index];
  }

  /** Bytes of one item. */
  int itemBytes() {
    return Arrays.stream(dimensions).skip(1).reduce(1, Math::multiplyExact);
  }

  /**
   * Reads the next items.
   *
   * @throws DamagedException if the file ends before
   */
  void read(byte[] target) throws IOException {
    try {
      in.readFully(target);
    } catch (EOFException | ZipException e) {
      throw truncated(e);
    }
  }

  /**
   * Passes over items.
   *
   * @throws DamagedException if the file ends before
   */
  void skip(long items) throws IOException {
    long left = items * itemBytes();
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read <= 0) {
          throw new EOFException();
        }
        left -= read;
      }
    } catch (EOFException | ZipException e) {
      throw truncated(e);
    }
  }

  /**
   * Checks that nothing is left.
   *
   * @throws DamagedException if the file goes on, or if its gzip checksum is wrong
   */
  void checkEnd() throws IOException {
    int next;
    try {
      next = in.read();
    } catch (EOFException | ZipException e) {
      throw truncated(e);
    }
    if (next >= 0) {
      throw tooLong();
    }
  }

  private DamagedException tooLong() {
    return new DamagedException(
        "Cannot read " + file + ": it is longer than the " + items() + " items of its header");
  }

  private DamagedException truncated(IOException cause) {
    return new DamagedException(
        "Cannot read "
            + file
            + ": truncated or damaged"
            + (dimensions[0] > 0 ? ", its header says " + dimensions[0] + " items" : ""),
        cause);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
