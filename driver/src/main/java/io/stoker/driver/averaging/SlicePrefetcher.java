// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockPlace;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.FetchedBlock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Fetches slices from other executors ahead of the task that reads them. Spark's RDD asks the
 * driver where a block is, fetches it, and only then begins with the next one, so that the network
 * is idle between two blocks.
 *
 * <p>A slice that does not arrive is no failure: {@link #take} returns empty, and the RDD finds the
 * slice or computes it. This class owns the blocks in flight until they are taken; {@link #close}
 * releases the others.
 */
final class SlicePrefetcher implements AutoCloseable {
  /** How many bytes one task has in flight. */
  private static final long WINDOW_BYTES = 32 << 20;

  /** A slice that is to be requested, and the executor that it is requested from. */
  private record Request(int slice, BlockPlace holder) {}

  private final SliceRdd parameters;

  /** In the order in which the task reads. */
  private final Deque<Request> requests = new ArrayDeque<>();

  private final Map<Integer, CompletableFuture<FetchedBlock>> inFlight = new HashMap<>();
  private long takenBytes;

  /**
   * Requests the first slices.
   *
   * @param order the slices in the order in which they will be read
   */
  SlicePrefetcher(SliceRdd parameters, List<Integer> order) {
    this.parameters = parameters;
    List<Integer> missing = order.stream().filter(slice -> !parameters.isHere(slice)).toList();
    if (missing.isEmpty()) {
      return;
    }
    List<List<BlockPlace>> holders = Blocks.holders(parameters.id(), missing);
    for (int i = 0; i < missing.size(); i++) {
      List<BlockPlace> each = holders.get(i);
      if (!each.isEmpty()) { // Workers with different orders ask different holders of a slice.
        int chosen = Math.floorMod(missing.get(i) + order.get(0), each.size());
        requests.add(new Request(missing.get(i), each.get(chosen)));
      }
    }
    fillWindow();
  }

  /**
   * Waits for a slice's block.
   *
   * @return the block, which the caller closes; empty if it does not come from another executor
   */
  Optional<FetchedBlock> take(int slice) {
    CompletableFuture<FetchedBlock> future = inFlight.remove(slice);
    if (future == null) {
      return Optional.empty();
    }
    try {
      FetchedBlock block = future.get();
      takenBytes += block.size();
      fillWindow();
      return Optional.of(block);
    } catch (ExecutionException lost) { // Spark has logged it.
      fillWindow();
      return Optional.empty();
    } catch (InterruptedException e) {
      inFlight.put(slice, future);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while fetching slice " + slice, e);
    }
  }

  /** The bytes of all blocks that were taken. */
  long takenBytes() {
    return takenBytes;
  }

  private void fillWindow() {
    long window = Math.max(1, WINDOW_BYTES / parameters.slices().bytes(0));
    while (!requests.isEmpty() && inFlight.size() < window) {
      Request next = requests.remove();
      if (!parameters.isHere(next.slice())) { // Another task may have fetched it meanwhile.
        inFlight.put(next.slice(), Blocks.fetch(next.holder(), parameters.id(), next.slice()));
      }
    }
  }

  @Override
  public void close() {
    inFlight.values().forEach(FetchedBlock::abandon);
  }
}
