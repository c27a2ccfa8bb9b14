// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
  private static final int CHUNK_VALUES = 1 << 16;

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
    try (InputStream stream = file.open()) {
      stream.skipNBytes(byteOffset + offset * Float.BYTES);
      byte[] bytes = new byte[Math.min(CHUNK_VALUES, target.remaining()) * Float.BYTES];
      while (target.hasRemaining()) {
        int length = Math.min(bytes.length, target.remaining() * Float.BYTES);
        if (stream.readNBytes(bytes, 0, length) < length) {
          throw new EOFException("The file ends within its parameters");
        }
        target.put(floats(bytes, length));
      }
    }
  }

  /** Reads the whole vector in ranges, first to last. */
  public void copy(StreamSource file, VectorSink sink) throws IOException {
    try (InputStream stream = file.open()) {
      stream.skipNBytes(byteOffset);
      byte[] bytes = new byte[(int) Math.min(CHUNK_VALUES, count) * Float.BYTES];
      for (long offset = 0; offset < count; offset += CHUNK_VALUES) {
        int length = (int) Math.min(bytes.length, (count - offset) * Float.BYTES);
        if (stream.readNBytes(bytes, 0, length) < length) {
          throw new EOFException("The file ends within its parameters");
        }
        sink.write(offset, floats(bytes, length));
      }
    }
  }

  private static FloatBuffer floats(byte[] bytes, int length) {
    return ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer();
  }
}
