package io.stoker.driver.averaging;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.RDDBlockId;
import scala.collection.JavaConverters;

/**
 * Slices on their way from other executors to a task, some ahead of the one that it reads. What an
 * RDD does by itself is to ask the driver where a block is, to fetch it, and only then to think of
 * the next one: between two the network is idle.
 *
 * <p>A slice that does not arrive is no failure: {@link #take} says so, and the RDD finds it, or
 * makes it again. It owns the network's buffers until they are taken; {@link #close} releases the
 * rest.
 */
final class SlicePrefetcher implements AutoCloseable {
  /** What may be under way to one task. */
  private static final long WINDOW_BYTES = 32 << 20;

  private final SliceRdd parameters;

  /** Who has each slice that is to be asked for, in the order of reading. */
  private final Deque<Map.Entry<Integer, BlockManagerId>> ahead = new ArrayDeque<>();

  private final Map<Integer, CompletableFuture<ManagedBuffer>> underWay = new HashMap<>();
  private long takenBytes;

  /**
   * Asks for the first slices.
   *
   * @param order slices as they will be read
   */
  SlicePrefetcher(SliceRdd parameters, List<Integer> order) {
    this.parameters = parameters;
    List<Integer> missing = order.stream().filter(slice -> !parameters.isHere(slice)).toList();
    if (missing.isEmpty()) {
      return;
    }
    BlockId[] blocks = missing.stream().map(this::block).toArray(BlockId[]::new);
    var holders = SparkEnv.get().blockManager().master().getLocations(blocks);
    for (int i = 0; i < blocks.length; i++) {
      List<BlockManagerId> each = JavaConverters.seqAsJavaList(holders.apply(i));
      if (!each.isEmpty()) { // Workers ask different executors of those that have it.
        int chosen = Math.floorMod(missing.get(i) + order.get(0), each.size());
        ahead.add(Map.entry(missing.get(i), each.get(chosen)));
      }
    }
    ask();
  }

  /**
   * Waits for a slice's block.
   *
   * @return the block as Spark sends it, which the caller releases; empty if it does not come from
   *     elsewhere
   */
  Optional<ManagedBuffer> take(int slice) {
    CompletableFuture<ManagedBuffer> future = underWay.remove(slice);
    if (future == null) {
      return Optional.empty();
    }
    try {
      ManagedBuffer block = future.get();
      takenBytes += block.size();
      ask();
      return Optional.of(block);
    } catch (ExecutionException lost) { // Spark has logged it.
      ask();
      return Optional.empty();
    } catch (InterruptedException e) {
      underWay.put(slice, future);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while fetching slice " + slice, e);
    }
  }

  /** The bytes of all blocks that were taken. */
  long takenBytes() {
    return takenBytes;
  }

  private void ask() {
    long window = Math.max(1, WINDOW_BYTES / parameters.slices().bytes(0));
    while (!ahead.isEmpty() && underWay.size() < window) {
      Map.Entry<Integer, BlockManagerId> next = ahead.remove();
      if (!parameters.isHere(next.getKey())) { // Another task may have fetched it.
        underWay.put(next.getKey(), BlockFetch.of(next.getValue(), block(next.getKey())));
      }
    }
  }

  private RDDBlockId block(int slice) {
    return new RDDBlockId(parameters.id(), slice);
  }

  @Override
  public void close() {
    underWay.values().forEach(BlockFetch::abandon);
  }
}
