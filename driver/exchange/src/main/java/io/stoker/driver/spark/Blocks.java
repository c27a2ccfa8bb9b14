// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.shuffle.BlockFetchingListener;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.BlockStatus;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;

/**
 * The block manager of this process. A block is named by an RDD's number and a partition; it is
 * stored on this executor, or fetched from another one.
 *
 * <p>Spark has a task that deletes a block wait until its readers have closed it. So no lock is
 * held here meanwhile, and a task must close what it reads before it deletes anything or waits for
 * other tasks.
 */
public final class Blocks {
  /** The blocks that tasks store now; each future is complete when its task has ended that. */
  private static final Map<BlockId, CompletableFuture<Void>> STORING = new ConcurrentHashMap<>();

  /** The blocks that tasks delete now. */
  private static final Set<BlockId> DELETING = ConcurrentHashMap.newKeySet();

  private Blocks() {}

  private static BlockManager manager() {
    return SparkEnv.get().blockManager();
  }

  /** Where other executors fetch blocks of this process from. */
  public static BlockAddress here() {
    return place(manager().blockManagerId());
  }

  private static BlockAddress place(BlockManagerId id) {
    return new BlockAddress(id.executorId(), id.host(), id.port());
  }

  /** Whether this process holds a partition of an RDD. */
  public static boolean isHere(int rdd, int partition) {
    return isHere(new RDDBlockId(rdd, partition));
  }

  private static boolean isHere(BlockId block) {
    return manager().getStatus(block).isDefined();
  }

  /**
   * The executors that hold partitions of an RDD, as the driver knows them. Asks the driver once.
   *
   * @return a list for each partition, in the order of the arguments
   */
  public static List<List<BlockAddress>> holders(int rdd, List<Integer> partitions) {
    BlockId[] blocks =
        partitions.stream()
            .map(partition -> new RDDBlockId(rdd, partition))
            .toArray(BlockId[]::new);
    return Scala.list(manager().master().getLocations(blocks)).stream()
        .map(each -> Scala.list(each).stream().map(Blocks::place).toList())
        .toList();
  }

  /**
   * Stores an element of a persisted RDD here, as its partition, unless it is here already. The
   * driver is told, so that other executors find it.
   */
  public static <T> void put(RDD<T> rdd, int partition, T element) {
    RDDBlockId block = new RDDBlockId(rdd.id(), partition);
    storeUnlessHere(
        block,
        () ->
            manager()
                .putIterator(
                    block,
                    Scala.iterator(List.of(element).iterator()),
                    rdd.getStorageLevel(),
                    true,
                    rdd.elementClassTag()));
  }

  /**
   * Stores a block unless it is here, and waits for another task that stores it: Spark warns where
   * two tasks store a block at the same time. Storing does not wait for readers.
   */
  private static void storeUnlessHere(BlockId block, Runnable store) {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    CompletableFuture<Void> other = STORING.putIfAbsent(block, ended);
    while (other != null) {
      other.join();
      other = STORING.putIfAbsent(block, ended);
    }
    try {
      if (!isHere(block)) {
        store.run();
      }
    } finally {
      STORING.remove(block);
      ended.complete(null);
    }
  }

  /** Whether this process holds a partition of an RDD in memory. */
  public static boolean isInMemory(int rdd, int partition) {
    Option<BlockStatus> status = manager().getStatus(new RDDBlockId(rdd, partition));
    return status.isDefined() && status.get().memSize() > 0;
  }

  /**
   * Stores bytes here, unless the block is here already. The driver is not told: executors that
   * want the bytes must know the place.
   */
  public static void putBytes(int rdd, int partition, ByteBuffer... bytes) {
    RDDBlockId block = new RDDBlockId(rdd, partition);
    storeUnlessHere(
        block,
        () ->
            SparkLine.putBytes(
                manager(),
                block,
                new ChunkedByteBuffer(bytes),
                StorageLevel.MEMORY_AND_DISK_SER()));
  }

  /**
   * Deletes a block of this process, if it is still here, when all tasks that read it have closed
   * it. If another task deletes it at the same time, this method returns at once, because Spark
   * fails where two threads delete a block.
   */
  public static void remove(int rdd, int partition) {
    RDDBlockId block = new RDDBlockId(rdd, partition);
    if (!DELETING.add(block)) {
      return;
    }
    try {
      if (isHere(block)) {
        manager().removeBlock(block, false);
      }
    } finally {
      DELETING.remove(block);
    }
  }

  /**
   * Takes a block from a process that holds it, which may be this one.
   *
   * @param arrays what a block of another process is received in; empty for memory of Spark's
   *     network
   * @return the block, which the caller closes; one that arrives after the future was cancelled is
   *     closed at once
   */
  public static CompletableFuture<FetchedBlock> fetch(
      BlockAddress from, int rdd, int partition, Optional<ArrayPool> arrays) {
    RDDBlockId block = new RDDBlockId(rdd, partition);
    return from.equals(here()) ? local(block) : remote(from, block, arrays);
  }

  private static CompletableFuture<FetchedBlock> local(RDDBlockId block) {
    try {
      return CompletableFuture.completedFuture(
          new FetchedBlock(manager().getLocalBlockData(block), Optional.empty()));
    } catch (Exception e) { // Spark does not declare that a block may be missing.
      return CompletableFuture.failedFuture(e);
    }
  }

  private static CompletableFuture<FetchedBlock> remote(
      BlockAddress from, RDDBlockId block, Optional<ArrayPool> arrays) {
    CompletableFuture<FetchedBlock> future = new CompletableFuture<>();
    BlockFetchingListener listener =
        new BlockFetchingListener() {
          @Override
          public void onBlockFetchSuccess(String id, ManagedBuffer data) {
            data.retain();
            FetchedBlock arrived = new FetchedBlock(data, arrays);
            if (!future.complete(arrived)) {
              arrived.close();
            }
          }

          @Override
          public void onBlockFetchFailure(String id, Throwable reason) {
            future.completeExceptionally(reason);
          }
        };
    manager()
        .blockTransferService()
        .fetchBlocks(
            from.host(),
            from.port(),
            from.executor(),
            new String[] {block.name()},
            listener,
            arrays.map(ReceivedBlock::new).orElse(null));
    return future;
  }

  /**
   * Reads the only element of a partition of a persisted RDD from its block, and closes the block.
   */
  public static <T> T element(RDD<T> rdd, int partition, FetchedBlock block) {
    try (block;
        InputStream in = block.open()) {
      Iterator<T> elements =
          Scala.iterator(
              SparkEnv.get()
                  .serializerManager()
                  .<T>dataDeserializeStream(
                      new RDDBlockId(rdd.id(), partition), in, rdd.elementClassTag()));
      return only(elements);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The only element of a partition. Spark unlocks a block when its reader has seen the end. */
  public static <T> T only(Iterator<T> elements) {
    T element = elements.next();
    if (elements.hasNext()) {
      throw new IllegalStateException("A partition has more than one element");
    }
    return element;
  }

  /**
   * Deletes all blocks of an RDD on all executors, also those of which the driver was not told, and
   * waits until they are deleted. On the driver.
   */
  public static void deleteEverywhere(int rdd) {
    manager().master().removeRdd(rdd, true);
  }
}
