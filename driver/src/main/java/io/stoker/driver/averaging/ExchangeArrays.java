// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.driver.spark.ArrayPool;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.FetchWindow.Block;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The arrays of one length in which this executor receives and stores the pieces and slices of
 * multi-round stages. Each serves many rounds: Java fills a new array with zeros, and the kernel
 * hands out its memory page by page, which takes longer than to copy a slice into it.
 *
 * <p>An array that is stored as a block belongs to Spark's block manager until the block is deleted
 * or moved to disk. The pool refers to arrays softly, so that they make room where memory is short.
 */
final class ExchangeArrays implements ArrayPool {
  private static final Map<Integer, ExchangeArrays> BY_LENGTH = new ConcurrentHashMap<>();

  private final int length;

  @GuardedBy("this") private final Deque<SoftReference<byte[]>> free = new ArrayDeque<>();

  @GuardedBy("this") private final Map<Block, SoftReference<byte[]>> stored = new HashMap<>();

  private ExchangeArrays(int length) {
    this.length = length;
  }

  /** The arrays of a length on this executor, those of blocks that Spark has deleted among them. */
  static ExchangeArrays ofLength(int length) {
    ExchangeArrays arrays = BY_LENGTH.computeIfAbsent(length, ExchangeArrays::new);
    arrays.reclaim();
    return arrays;
  }

  /** Spark waits for the readers of a block before it deletes it, or moves it to disk. */
  private synchronized void reclaim() {
    Iterator<Map.Entry<Block, SoftReference<byte[]>>> each = stored.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<Block, SoftReference<byte[]>> next = each.next();
      if (!Blocks.isInMemory(next.getKey().rdd(), next.getKey().partition())) {
        free.push(next.getValue());
        each.remove();
      }
    }
  }

  @Override
  public byte[] take() {
    byte[] array = takeFree();
    return array == null ? new byte[length] : array;
  }

  private synchronized byte[] takeFree() {
    byte[] array = null;
    while (array == null && !free.isEmpty()) {
      array = free.pop().get();
    }
    return array;
  }

  /** Returns an array; one of another length is left to Java's garbage collection. */
  @Override
  public synchronized void giveBack(byte[] array) {
    if (array.length == length) {
      free.push(new SoftReference<>(array));
    }
  }

  /**
   * Stores an array of the pool as a block of this executor, unless the block is here already. The
   * caller must not use the array any more.
   *
   * @param bytes how many bytes of it, from the first, are the block
   */
  void store(Block block, byte[] array, int bytes) {
    if (Blocks.putBytes(block.rdd(), block.partition(), ByteBuffer.wrap(array, 0, bytes))) {
      synchronized (this) {
        stored.put(block, new SoftReference<>(array));
      }
    } else {
      giveBack(array);
    }
  }

  /** Deletes a block, if it is here. */
  void delete(Block block) {
    Blocks.remove(block.rdd(), block.partition());
    synchronized (this) {
      SoftReference<byte[]> array = stored.remove(block);
      if (array != null) {
        free.push(array);
      }
    }
  }
}
