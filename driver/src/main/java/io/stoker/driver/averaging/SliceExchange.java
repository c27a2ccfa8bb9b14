package io.stoker.driver.averaging;

import io.stoker.driver.spark.Scala;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.RpcUtils;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;
import scala.concurrent.Await;
import scala.concurrent.Future;
import scala.concurrent.duration.Duration;

/**
 * The other workers of a stage of several rounds, as one worker's task sees them. A piece is a
 * block on the executor of its worker, and stays there for those that come late; the others take it
 * from there when the {@link Rendezvous} has said that it exists.
 */
final class SliceExchange {
  private static final Duration LOOK = Duration.create(200, TimeUnit.MILLISECONDS);
  private static final int NONE_KNOWN = 0;

  /**
   * The pieces of a round.
   *
   * @param pieces one of each worker, in their order
   * @param seconds fetching them, without the wait for all
   */
  record Taken(List<WorkerSlice> pieces, double seconds) {}

  private final int stage;
  private final int workers;
  private final int worker;
  private final TaskContext context;
  private final BlockManager blocks = SparkEnv.get().blockManager();
  private final RpcEndpointRef rendezvous;
  private String[] places = {};

  /**
   * @param rendezvous its name
   * @param stage the stage's number there; also that of its blocks
   * @param workers how many there are
   * @param worker which one this is
   * @param context the task's
   */
  SliceExchange(String rendezvous, int stage, int workers, int worker, TaskContext context) {
    this.stage = stage;
    this.workers = workers;
    this.worker = worker;
    this.context = context;
    this.rendezvous =
        RpcUtils.makeDriverRef(rendezvous, SparkEnv.get().conf(), SparkEnv.get().rpcEnv());
  }

  /**
   * Lays this worker's piece of a round out for the others.
   *
   * @return the piece that they see: that of an earlier attempt of this task, where there was one
   */
  WorkerSlice give(int round, WorkerSlice piece) {
    RDDBlockId block = block(round, worker);
    if (blocks.getStatus(block).isDefined()) {
      return read(here(block)).orElse(piece);
    }
    ByteBuffer[] record = {WorkerSliceSerializer.header(piece), ByteBuffer.wrap(piece.content())};
    blocks.putBytes(
        block,
        new ChunkedByteBuffer(record),
        StorageLevel.MEMORY_AND_DISK_SER(),
        false, // The rendezvous knows where it is, Spark's master of blocks need not.
        Scala.tag(Object.class));
    return piece;
  }

  /**
   * Waits for all, and takes their pieces.
   *
   * @param own this worker's, as {@link #give} returns it
   * @throws StrandedException if some do not come
   */
  Taken take(int round, WorkerSlice own) {
    double seconds = 0;
    SortedMap<Integer, WorkerSlice> all = new TreeMap<>();
    all.put(worker, own);
    Map<Integer, String> lost = new TreeMap<>();
    do {
      await(round, lost);
      long start = System.nanoTime();
      lost.clear();
      Map<Integer, CompletableFuture<ManagedBuffer>> underWay = new HashMap<>();
      try {
        for (int other = 0; other < workers; other++) {
          if (!all.containsKey(other)) {
            underWay.put(other, fetch(round, other));
          }
        }
        for (int other : List.copyOf(underWay.keySet())) {
          Optional<WorkerSlice> piece = read(underWay.remove(other));
          piece.ifPresentOrElse(
              found -> all.put(other, found), () -> lost.put(other, places[other]));
        }
      } finally {
        underWay.values().forEach(BlockFetch::abandon);
      }
      seconds += (System.nanoTime() - start) / 1e9;
    } while (all.size() < workers);
    return new Taken(List.copyOf(all.values()), seconds);
  }

  private void await(int round, Map<Integer, String> lost) {
    Rendezvous.Arrival arrival =
        new Rendezvous.Arrival(
            stage,
            (long) context.stageId() << Integer.SIZE | context.stageAttemptNumber(),
            round,
            worker,
            place(blocks.blockManagerId()),
            places.length == 0 ? NONE_KNOWN : Arrays.hashCode(places),
            lost);
    Object reply =
        result(
            rendezvous.ask(
                arrival.message(), RpcUtils.INFINITE_TIMEOUT(), Scala.tag(Object.class)));
    if (Rendezvous.STRANDED.equals(reply)) {
      throw new StrandedException(worker, round);
    }
    String[] told = (String[]) reply;
    if (told.length > 0) {
      places = told;
    }
  }

  /** A task that Spark no longer wants does not wait on. */
  private Object result(Future<Object> reply) {
    while (!reply.isCompleted()) {
      context.killTaskIfInterrupted();
      try {
        Await.ready(reply, LOOK);
      } catch (TimeoutException notYet) {
        // Looks again.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while waiting for other workers", e);
      }
    }
    return reply.value().get().get();
  }

  private CompletableFuture<ManagedBuffer> fetch(int round, int other) {
    RDDBlockId block = block(round, other);
    if (places[other].equals(place(blocks.blockManagerId()))) {
      return here(block);
    }
    String[] place = places[other].split(" ", -1);
    return BlockFetch.of(
        BlockManagerId.apply(place[0], place[1], Integer.parseInt(place[2]), Option.empty()),
        block);
  }

  private CompletableFuture<ManagedBuffer> here(RDDBlockId block) {
    try {
      return CompletableFuture.completedFuture(blocks.getLocalBlockData(block));
    } catch (Exception e) { // Spark does not declare that a block may be missing.
      return CompletableFuture.failedFuture(e);
    }
  }

  /** A piece, unless its executor does not answer any more. */
  private Optional<WorkerSlice> read(CompletableFuture<ManagedBuffer> underWay) {
    ManagedBuffer block;
    try {
      block = underWay.get();
    } catch (ExecutionException gone) { // Spark has logged it.
      return Optional.empty();
    } catch (InterruptedException e) {
      BlockFetch.abandon(underWay);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while fetching pieces", e);
    }
    try (InputStream in = block.createInputStream();
        DeserializationStream record =
            new WorkerSliceSerializer().newInstance().deserializeStream(in)) {
      record.readKey(Scala.tag(Integer.class));
      return Optional.of(record.readValue(Scala.tag(WorkerSlice.class)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      block.release();
    }
  }

  private static String place(BlockManagerId id) {
    return "%s %s %d".formatted(id.executorId(), id.host(), id.port());
  }

  private RDDBlockId block(int round, int of) {
    return new RDDBlockId(stage, round * workers + of);
  }
}
