// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.Locale;

/**
 * Where a vector lies in a model file. Its values follow each other as big-endian fp32, so that a
 * range can be read without the rest.
 *
 * @param byteOffset the position of the first value in the file
 * @param count the number of values
 */
public record VectorLocation(long byteOffset, long count) implements Serializable {
  static final int CHUNK_VALUES = 1 << 16;

  /**
   * Reads values {@code [offset, offset + target.remaining())}. The streams of local files and of
   * Hadoop skip by a seek, without reading.
   *
   * @throws EOFException if the file ends before
   * @throws IndexOutOfBoundsException if the range is not within the vector
   */
  public void read(StreamSource file, long offset, FloatBuffer target) throws IOException {
    long end = offset + target.remaining();
    if (offset < 0 || end > count) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "Values %d to %d of %d", offset, end, count));
    }
    try (VectorReader reader = open(file, offset)) {
      reader.read(target);
    }
  }

  /** Opens the vector for reading from its first value to its last. */
  public VectorReader open(StreamSource file) throws IOException {
    return open(file, 0);
  }

  private VectorReader open(StreamSource file, long offset) throws IOException {
    InputStream stream = file.open();
    try {
      stream.skipNBytes(byteOffset + offset * Float.BYTES);
      return new VectorReader(stream);
    } catch (IOException | RuntimeException e) {
      stream.close();
      throw e;
    }
  }

  /** Reads the whole vector in ranges, first to last. */
  public void copy(StreamSource file, VectorSink sink) throws IOException {
    try (VectorReader reader = open(file)) {
      FloatBuffer values = FloatBuffer.allocate((int) Math.min(CHUNK_VALUES, count));
      for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
        values.clear().limit((int) Math.min(CHUNK_VALUES, count - offset));
        reader.read(values);
        sink.write(offset, values.flip());
      }
    }
  }
}
