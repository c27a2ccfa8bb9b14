// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.block;

import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.failure.Check;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Blocks in memory, shared by all readers of a process. It keeps the blocks that were used last, up
 * to a number of bytes; a block that several readers want at once is read once. A read that fails
 * is tried again, see {@link Retries}.
 */
public final class BlockCache {
  private record Key(String manifestHash, String split, int block) {}

  private final long capacityBytes;
  private final Duration firstDelay;
  private final Map<Key, ShardBlock> blocks = new LinkedHashMap<>(64, 0.75f, true);
  private final Map<Key, CompletableFuture<ShardBlock>> loading = new HashMap<>();
  private long usedBytes;

  /**
   * @param capacityBytes how much memory blocks may take; 0 keeps none
   */
  public BlockCache(long capacityBytes) {
    this(capacityBytes, Retries.FIRST_DELAY);
  }

  /**
   * @param capacityBytes how much memory blocks may take; 0 keeps none
   * @param firstDelay how long the first repetition of a read that failed waits
   */
  public BlockCache(long capacityBytes, Duration firstDelay) {
    Check.input(capacityBytes >= 0, "Invalid cache size: %d bytes (must be >= 0)", capacityBytes);
    this.capacityBytes = capacityBytes;
    this.firstDelay = firstDelay;
  }

  /** How much memory blocks take now. */
  public synchronized long usedBytes() {
    return usedBytes;
  }

  /**
   * A block, from memory or from its shard.
   *
   * @param folder the data set
   * @param split the split's name
   * @param block its index in the split
   * @throws io.stoker.failure.DamagedException if the shard is missing or not what the manifest
   *     says
   * @throws IOException if the storage fails, again and again
   */
  public ShardBlock block(ShardFolder folder, String split, int block) throws IOException {
    Key key = new Key(folder.manifestHash(), split, block);
    CompletableFuture<ShardBlock> future;
    synchronized (this) {
      ShardBlock present = blocks.get(key);
      if (present != null) {
        return present;
      }
      future = loading.get(key);
      if (future == null) {
        loading.put(key, new CompletableFuture<>());
      }
    }
    return future == null ? load(key, folder) : await(future);
  }

  private ShardBlock load(Key key, ShardFolder folder) throws IOException {
    ShardBlock loaded = null;
    Throwable failure = null;
    try {
      loaded = read(key, folder);
      return loaded;
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      finish(key, loaded, failure);
    }
  }

  private void finish(Key key, ShardBlock loaded, Throwable failure) {
    CompletableFuture<ShardBlock> future;
    synchronized (this) {
      future = loading.remove(key);
      if (loaded != null) {
        blocks.put(key, loaded);
        usedBytes += loaded.memoryBytes();
        Iterator<ShardBlock> oldest = blocks.values().iterator();
        while (usedBytes > capacityBytes) {
          usedBytes -= oldest.next().memoryBytes();
          oldest.remove();
        }
      }
    }
    if (failure == null) {
      future.complete(loaded);
    } else {
      future.completeExceptionally(failure);
    }
  }

  private ShardBlock read(Key key, ShardFolder folder) throws IOException {
    return Retries.read(
        "block " + key.block + " of split " + key.split + " of " + folder.path(),
        firstDelay,
        () -> folder.readBlock(key.split, key.block));
  }

  private static ShardBlock await(CompletableFuture<ShardBlock> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while another thread reads");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
