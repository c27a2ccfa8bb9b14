// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockPlace;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.DriverQuestions;
import io.stoker.driver.spark.FetchedBlock;
import io.stoker.driver.spark.RecordSerializer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.spark.TaskContext;

/**
 * Exchanges pieces between the workers of a multi-round stage, seen from one worker's task. Each
 * worker stores its piece of a round as a block on its own executor, where it stays for tasks that
 * come later, and reports it to the {@link Rendezvous}. The others fetch it from that executor.
 */
final class SliceExchange {
  private static final RecordSerializer<WorkerSlice> SERIALIZER =
      new RecordSerializer<>(new WorkerSliceFormat());

  /**
   * The pieces of a round.
   *
   * @param pieces one of each worker, in worker order
   * @param fetchSeconds fetching them, without waiting for workers
   */
  record Collected(List<WorkerSlice> pieces, double fetchSeconds) {}

  private final int stage;
  private final int workers;
  private final int worker;
  private final TaskContext context;
  private final DriverQuestions rendezvous;

  /** On which executor the piece of each worker is, as the rendezvous said last. */
  private Rendezvous.Places places = Rendezvous.Places.UNKNOWN;

  /**
   * @param rendezvous the name of its endpoint
   * @param stage the stage's number there, which is also the number of its blocks
   * @param workers how many workers the stage has
   * @param worker the worker of this task
   * @param context the task's
   */
  SliceExchange(String rendezvous, int stage, int workers, int worker, TaskContext context) {
    this.stage = stage;
    this.workers = workers;
    this.worker = worker;
    this.context = context;
    this.rendezvous = new DriverQuestions(rendezvous, context);
  }

  /**
   * Stores this worker's piece of a round for the others.
   *
   * @return the piece that the others see: that of an earlier attempt of this task, if it stored
   *     one here
   */
  WorkerSlice publish(int round, WorkerSlice piece) {
    if (Blocks.isHere(stage, block(round, worker))) {
      return read(Blocks.fetch(Blocks.here(), stage, block(round, worker))).orElse(piece);
    }
    Blocks.putBytes(stage, block(round, worker), SERIALIZER.write(piece));
    return piece;
  }

  /**
   * Waits until all workers have published their pieces of a round, and fetches them.
   *
   * @param own this worker's, as {@link #publish} returned it
   * @throws StrandedException if a worker does not publish its piece in time
   */
  Collected collect(int round, WorkerSlice own) {
    double seconds = 0;
    SortedMap<Integer, WorkerSlice> pieces = new TreeMap<>();
    pieces.put(worker, own);
    Map<Integer, String> lost = new TreeMap<>();
    do {
      places = awaitPieces(round, lost);
      long start = System.nanoTime();
      lost.clear();
      fetchMissing(round, pieces, lost);
      seconds += (System.nanoTime() - start) / 1e9;
    } while (pieces.size() < workers);
    return new Collected(List.copyOf(pieces.values()), seconds);
  }

  private Rendezvous.Places awaitPieces(int round, Map<Integer, String> lost) {
    Rendezvous.Arrival arrival =
        new Rendezvous.Arrival(
            stage,
            (long) context.stageId() << Integer.SIZE | context.stageAttemptNumber(),
            round,
            worker,
            Blocks.here().encode(),
            places.version(),
            lost);
    Object answer = rendezvous.ask(arrival.message());
    if (Rendezvous.STRANDED.equals(answer)) {
      throw new StrandedException(worker, round);
    }
    return places.updated((Object[]) answer);
  }

  /**
   * Fetches the pieces that are missing, all at the same time.
   *
   * @param pieces those that are there; the others are added
   * @param lost receives, by worker, the places that did not deliver a piece
   */
  private void fetchMissing(
      int round, SortedMap<Integer, WorkerSlice> pieces, Map<Integer, String> lost) {
    Map<Integer, CompletableFuture<FetchedBlock>> inFlight = new HashMap<>();
    try {
      for (int other = 0; other < workers; other++) {
        if (!pieces.containsKey(other)) {
          BlockPlace place = BlockPlace.decode(places.of(other));
          inFlight.put(other, Blocks.fetch(place, stage, block(round, other)));
        }
      }
      for (int other : List.copyOf(inFlight.keySet())) {
        read(inFlight.remove(other))
            .ifPresentOrElse(
                piece -> pieces.put(other, piece), () -> lost.put(other, places.of(other)));
      }
    } finally {
      inFlight.values().forEach(FetchedBlock::abandon);
    }
  }

  /** Waits for a piece; empty if its executor does not answer. */
  private static Optional<WorkerSlice> read(CompletableFuture<FetchedBlock> inFlight) {
    FetchedBlock arrived;
    try {
      arrived = inFlight.get();
    } catch (ExecutionException gone) { // Spark has logged it.
      return Optional.empty();
    } catch (InterruptedException e) {
      FetchedBlock.abandon(inFlight);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while fetching pieces", e);
    }
    try (FetchedBlock block = arrived;
        InputStream in = block.open()) {
      return Optional.of(SERIALIZER.read(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int block(int round, int of) {
    return round * workers + of;
  }
}
