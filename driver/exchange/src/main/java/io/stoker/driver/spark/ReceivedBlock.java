// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.shuffle.DownloadFile;
import org.apache.spark.network.shuffle.DownloadFileManager;
import org.apache.spark.network.shuffle.DownloadFileWritableChannel;
import org.apache.spark.network.util.TransportConf;

/**
 * Has Spark write a block that arrives into an array, and not into a file, as it does with blocks
 * that are too large for its network's own memory. So a block is copied once on its way from the
 * socket, and no memory is allocated for it.
 */
final class ReceivedBlock implements DownloadFileManager {
  private final ArrayPool arrays;

  ReceivedBlock(ArrayPool arrays) {
    this.arrays = arrays;
  }

  /** Spark asks once for each attempt to fetch the block. */
  @Override
  public DownloadFile createTempFile(TransportConf conf) {
    return new Target(arrays.take());
  }

  /** The array belongs to the {@link FetchedBlock}. */
  @Override
  public boolean registerTempFileToClean(DownloadFile file) {
    return true;
  }

  /** The "file". An array that was not filled is left to Java's garbage collection. */
  private record Target(ByteBuffer bytes) implements DownloadFile, DownloadFileWritableChannel {
    Target(byte[] array) {
      this(ByteBuffer.wrap(array));
    }

    @Override
    public boolean delete() {
      return true;
    }

    @Override
    public DownloadFileWritableChannel openForWriting() {
      return this;
    }

    @Override
    public String path() {
      return "memory";
    }

    @Override
    public int write(ByteBuffer part) throws IOException {
      int size = part.remaining();
      if (size > bytes.remaining()) {
        throw new IOException(
            String.format(
                Locale.ROOT, "A block has more than the %d bytes of its array", bytes.capacity()));
      }
      bytes.put(part);
      return size;
    }

    @Override
    public ManagedBuffer closeAndRead() {
      return new NioManagedBuffer(bytes.flip());
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
