// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file in memory. */
public final class MemoryBytes implements ByteSource {
  private final byte[] content;

  public MemoryBytes(byte[] content) {
    this.content = content;
  }

  public byte[] content() {
    return content;
  }

  @Override
  public long bytes() {
    return content.length;
  }

  @Override
  public void read(long position, ByteBuffer target) throws IOException {
    if (position + target.remaining() > content.length) {
      throw new EOFException();
    }
    target.put(content, (int) position, target.remaining());
  }
}
