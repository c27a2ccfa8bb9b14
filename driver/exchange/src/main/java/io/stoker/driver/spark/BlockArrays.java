// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.driver.spark.FetchWindow.Block;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The arrays of one length in which this executor receives and stores blocks. Each serves many
 * times: Java fills a new array with zeros, and the kernel hands out its memory page by page, which
 * takes longer than to copy a block into it.
 *
 * <p>An array that is stored as a block belongs to Spark's block manager until the block is deleted
 * or moved to disk. Spark does neither while a task has the block open, so that no array is used
 * again while it is read. The pool refers to arrays softly, so that they make room where memory is
 * short.
 *
 * <p>The lock of this class is never held while Spark stores or deletes a block.
 */
public final class BlockArrays implements ArrayPool {
  private static final Map<Integer, BlockArrays> BY_LENGTH = new ConcurrentHashMap<>();

  private final int length;

  @GuardedBy("this") private final Deque<SoftReference<byte[]>> free = new ArrayDeque<>();

  private final Map<Block, Stored> stored = new ConcurrentHashMap<>();

  /** A block that a task stores, or has stored, and its array. */
  private static final class Stored {
    /** Complete when the task has ended storing it. */
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Set by the one task that deletes the block. */
    private final AtomicBoolean deleting = new AtomicBoolean();

    /** Null when the pool has it again; guarded by the pool. */
    private SoftReference<byte[]> array;

    Stored(byte[] array) {
      this.array = new SoftReference<>(array);
    }
  }

  private BlockArrays(int length) {
    this.length = length;
  }

  /** The arrays of a length on this executor, those of blocks that Spark has deleted among them. */
  public static BlockArrays ofLength(int length) {
    BlockArrays arrays = BY_LENGTH.computeIfAbsent(length, BlockArrays::new);
    arrays.stored.forEach(arrays::reclaim);
    return arrays;
  }

  /** Takes the array of a block back, unless it is Spark's. */
  private void reclaim(Block block, Stored each) {
    if (each.ended.isDone() && !Blocks.isInMemory(block.rdd(), block.partition())) {
      release(each);
      if (!block.isHere()) {
        stored.remove(block, each);
      }
    }
  }

  @Override
  public synchronized byte[] take() {
    byte[] array = null;
    while (array == null && !free.isEmpty()) {
      array = free.pop().get();
    }
    return array == null ? new byte[length] : array;
  }

  /** Returns an array; one of another length is left to Java's garbage collection. */
  @Override
  public synchronized void giveBack(byte[] array) {
    if (array.length == length) {
      free.push(new SoftReference<>(array));
    }
  }

  private synchronized void release(Stored block) {
    if (block.array != null) {
      free.push(block.array);
      block.array = null;
    }
  }

  private synchronized void abandon(Stored block) {
    block.array = null;
  }

  /**
   * Stores an array of the pool as a block of this executor, unless the block is here already. The
   * caller must not use the array any more. Waits for another task that stores the same block, and
   * for no other task.
   *
   * @param bytes how many bytes of it, from the first, are the block
   */
  public void store(Block block, byte[] array, int bytes) {
    Stored mine = new Stored(array);
    Stored other = stored.putIfAbsent(block, mine);
    while (other != null) {
      other.ended.join();
      reclaim(block, other);
      if (block.isHere()) {
        giveBack(array);
        return;
      }
      other = stored.putIfAbsent(block, mine);
    }
    try {
      Blocks.putBytes(block.rdd(), block.partition(), ByteBuffer.wrap(array, 0, bytes));
    } catch (Throwable e) {
      stored.remove(block, mine);
      abandon(mine); // Spark may have it.
      throw e;
    } finally {
      mine.ended.complete(null);
    }
    reclaim(block, mine); // Spark may have written it to disk.
  }

  /**
   * Deletes a block, if it is here, when all tasks that read it have closed it. The caller must
   * have none open.
   */
  public void delete(Block block) {
    Stored found = stored.get(block);
    if (found == null || found.deleting.getAndSet(true)) {
      return; // It is not here, or another task deletes it.
    }
    found.ended.join();
    Blocks.remove(block.rdd(), block.partition());
    reclaim(block, found);
  }
}
