// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Reads a vector of a model file from first to last; {@link VectorLocation#open} opens it. */
public final class VectorReader implements AutoCloseable {
  private final InputStream stream;
  private byte[] bytes = {};

  /**
   * @param stream at the next value; closed with this reader
   */
  VectorReader(InputStream stream) {
    this.stream = stream;
  }

  /**
   * Fills target with the next values.
   *
   * @throws EOFException if the file ends before
   */
  public void read(FloatBuffer target) throws IOException {
    if (bytes.length == 0) {
      bytes = new byte[Math.min(VectorLocation.CHUNK_VALUES, target.remaining()) * Float.BYTES];
    }
    while (target.hasRemaining()) {
      int length = Math.min(bytes.length, target.remaining() * Float.BYTES);
      if (stream.readNBytes(bytes, 0, length) < length) {
        throw new EOFException("The file ends within its parameters");
      }
      target.put(ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer());
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
