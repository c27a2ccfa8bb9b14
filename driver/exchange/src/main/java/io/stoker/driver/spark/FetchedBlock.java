// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.buffer.NioManagedBuffer;

/**
 * The bytes of a block until it is closed: in memory of Spark's network or block manager, or in an
 * array of a pool, which it owns.
 */
public final class FetchedBlock implements AutoCloseable {
  private final ManagedBuffer buffer;

  /** The pool of the array in which the block was received; empty for other memory. */
  private Optional<ArrayPool> arrays;

  FetchedBlock(ManagedBuffer buffer, Optional<ArrayPool> arrays) {
    this.buffer = buffer;
    this.arrays = arrays;
  }

  /** Bytes that are no block of Spark's; not copied. */
  public static FetchedBlock of(byte[] content) {
    return new FetchedBlock(new NioManagedBuffer(ByteBuffer.wrap(content)), Optional.empty());
  }

  /** How many bytes the block has. */
  public long size() {
    return buffer.size();
  }

  /** Reads the block from its beginning. */
  public InputStream open() throws IOException {
    return buffer.createInputStream();
  }

  /**
   * The bytes, in little-endian order. They are not copied if they were received in an array, or
   * stored as one buffer. They must neither be written to nor read after {@link #close}.
   */
  public ByteBuffer bytes() {
    try {
      return buffer.nioByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The array in which the block was received, which the caller owns from now on, in place of this
   * object.
   *
   * @return empty if it was not received in an array
   */
  public Optional<byte[]> detachArray() {
    Optional<byte[]> array = arrays.map(pool -> bytes().array());
    arrays = Optional.empty();
    return array;
  }

  /** Releases the memory. */
  @Override
  public void close() {
    arrays.ifPresent(pool -> pool.giveBack(bytes().array()));
    arrays = Optional.empty();
    buffer.release();
  }

  /** Closes a block that no caller will take, now or when it arrives. */
  public static void abandon(CompletableFuture<FetchedBlock> block) {
    if (!block.cancel(false) && !block.isCompletedExceptionally()) {
      block.join().close();
    }
  }
}
