// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.network.buffer.ManagedBuffer;

/** The bytes of a block, in memory of Spark's network or block manager until it is closed. */
public final class FetchedBlock implements AutoCloseable {
  private final ManagedBuffer buffer;

  FetchedBlock(ManagedBuffer buffer) {
    this.buffer = buffer;
  }

  /** How many bytes the block has. */
  public long size() {
    return buffer.size();
  }

  /** Reads the block from its beginning. */
  public InputStream open() throws IOException {
    return buffer.createInputStream();
  }

  /** Releases the memory. */
  @Override
  public void close() {
    buffer.release();
  }

  /** Closes a block that no caller will take, now or when it arrives. */
  public static void abandon(CompletableFuture<FetchedBlock> block) {
    if (!block.cancel(false) && !block.isCompletedExceptionally()) {
      block.join().close();
    }
  }
}
