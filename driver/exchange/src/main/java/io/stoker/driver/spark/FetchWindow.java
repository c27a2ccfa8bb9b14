// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Fetches blocks ahead of the task that reads them, so that the network is busy while the task
 * works on a block. A block that does not arrive is no failure: {@link #take} returns empty.
 *
 * <p>This class owns the blocks in flight until they are taken; {@link #close} releases the others.
 */
public final class FetchWindow implements AutoCloseable {
  /** How many bytes one task has in flight. */
  public static final long WINDOW_BYTES = 32 << 20;

  /** The name of a block. */
  public record Block(int rdd, int partition) {
    /** Whether this process holds the block. */
    public boolean isHere() {
      return Blocks.isHere(rdd, partition);
    }

    /** The block of this executor, which the caller closes; empty if it is not here. */
    public Optional<FetchedBlock> here() {
      try {
        return Optional.of(Blocks.fetch(Blocks.here(), rdd, partition, Optional.empty()).get());
      } catch (ExecutionException missing) {
        return Optional.empty();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while reading " + this, e);
      }
    }
  }

  /** A block that is to be fetched, and the executor that holds it. */
  public record Request(Block block, BlockAddress holder) {}

  private final long window;
  private final Optional<ArrayPool> arrays;
  private final BlockAddress here = Blocks.here();

  /** In the order in which the task reads. */
  private final Deque<Request> requests;

  private final Map<Block, CompletableFuture<FetchedBlock>> inFlight = new HashMap<>();
  private long takenBytes;

  /**
   * Requests the first blocks.
   *
   * @param requests in the order in which the blocks will be taken
   * @param blockBytes the size of the largest block
   * @param arrays what blocks are received in; empty for memory of Spark's network
   */
  public FetchWindow(List<Request> requests, long blockBytes, Optional<ArrayPool> arrays) {
    this.requests = new ArrayDeque<>(requests);
    this.arrays = arrays;
    this.window = Math.max(1, WINDOW_BYTES / blockBytes);
    fill();
  }

  /**
   * Waits for a block.
   *
   * @return the block, which the caller closes; empty if it was not requested or does not arrive
   */
  public Optional<FetchedBlock> take(Block block) {
    CompletableFuture<FetchedBlock> future = inFlight.remove(block);
    if (future == null) {
      return Optional.empty();
    }
    try {
      FetchedBlock arrived = future.get();
      takenBytes += arrived.size();
      return Optional.of(arrived);
    } catch (ExecutionException lost) { // Spark has logged it.
      return Optional.empty();
    } catch (InterruptedException e) {
      inFlight.put(block, future);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while fetching " + block, e);
    } finally {
      fill();
    }
  }

  /** The bytes of all blocks that were taken. */
  public long takenBytes() {
    return takenBytes;
  }

  private void fill() {
    while (!requests.isEmpty() && inFlight.size() < window) {
      Request next = requests.remove();
      // A block of this executor is opened where it is read: a task that deletes it waits for its
      // readers. And another task may have fetched a block meanwhile.
      if (!next.holder().equals(here) && !next.block().isHere()) {
        inFlight.put(
            next.block(),
            Blocks.fetch(next.holder(), next.block().rdd(), next.block().partition(), arrays));
      }
    }
  }

  /** Releases the blocks that were not taken. */
  @Override
  public void close() {
    inFlight.values().forEach(FetchedBlock::abandon);
  }
}
