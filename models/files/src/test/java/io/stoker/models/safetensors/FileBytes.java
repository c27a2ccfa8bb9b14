// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.safetensors;

import io.stoker.models.interchange.ByteSource;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file on a disk of this machine. */
record FileBytes(Path file) implements ByteSource {
  @Override
  public long bytes() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void read(long position, ByteBuffer target) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      for (long at = position; target.hasRemaining(); ) {
        int read = channel.read(target, at);
        if (read < 0) {
          throw new EOFException();
        }
        at += read;
      }
    }
  }
}
