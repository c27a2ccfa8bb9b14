// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.WorkerSlice;
import io.stoker.driver.spark.BlockArrays;
import io.stoker.driver.spark.FetchWindow;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchWindow.Request;
import io.stoker.driver.spark.FetchedBlock;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.TaskContext;

/**
 * The blocks of a multi-round stage on this executor: the workers' pieces, and the slices with
 * which its rounds begin. All of them are functions of the job, so a block that is here already is
 * never replaced. They are stored in arrays that later rounds use again, see {@link BlockArrays}.
 *
 * <p>The slices before the first round are those before the stage. Those before the last round are
 * stored a second time, as blocks of an RDD that the driver knows, so that Spark's tasks find them:
 * the average stage, and a worker whose last piece is lost. All others are known to the workers
 * alone.
 *
 * <p>The block of a piece is its content, and then the number of the worker's examples as a
 * little-endian int64.
 */
final class StageBlocks {
  /** For the number of examples, and for what a wire format adds to a few values. */
  private static final int SPARE_BYTES = 64;

  private final int stage;
  private final int rounds;
  private final int workers;
  private final SliceRdd first;
  private final SliceRdd last;
  private final TaskContext context;
  private final BlockArrays arrays;

  /**
   * @param stage the number of the stage's RDD, which is also that of its blocks
   * @param rounds how many rounds the stage holds, at least 2
   * @param first the slices before the first round
   * @param last the slices before the last round
   */
  StageBlocks(
      int stage, int rounds, int workers, SliceRdd first, SliceRdd last, TaskContext context) {
    this.stage = stage;
    this.rounds = rounds;
    this.workers = workers;
    this.first = first;
    this.last = last;
    this.context = context;
    this.arrays = BlockArrays.ofLength(first.slices().bytes(0) + SPARE_BYTES);
  }

  /** How many rounds a stage may hold before the numbers of its blocks are used up. */
  static int mostRounds(int slices, int workers) {
    return (int) Math.min(Integer.MAX_VALUE, Integer.MAX_VALUE / ((long) slices * (workers + 1)));
  }

  int stage() {
    return stage;
  }

  private Block numbered(int round, int slice, int number) {
    return new Block(stage, (round * slices().count() + slice) * (workers + 1) + number);
  }

  private ParameterSlices slices() {
    return first.slices();
  }

  boolean isLast(int round) {
    return round == rounds - 1;
  }

  /** The arrays for pieces and slices. */
  BlockArrays arrays() {
    return arrays;
  }

  /** Fetches blocks ahead into arrays. */
  FetchWindow fetch(List<Request> requests) {
    return new FetchWindow(requests, slices().bytes(0), Optional.of(arrays));
  }

  /** A worker's piece after a round. */
  Block piece(int round, int slice, int worker) {
    return numbered(round, slice, worker);
  }

  /** Stores a piece, whose content must not be used any more. */
  void putPiece(int round, WorkerSlice piece) {
    ByteBuffer content = piece.content();
    int bytes = content.remaining();
    byte[] array = piece.backing();
    if (array.length - bytes < Long.BYTES) { // It was encoded, into an array of its own.
      array = arrays.take();
      content.get(array, 0, bytes);
    }
    LittleEndian.bytes(array).putLong(bytes, piece.examples());
    arrays.store(piece(round, piece.slice(), piece.worker()), array, bytes + Long.BYTES);
  }

  /**
   * A piece, which is valid until its block is closed.
   *
   * @param executor the executor that has stored it
   */
  static WorkerSlice readPiece(int slice, int worker, String executor, FetchedBlock block) {
    ByteBuffer bytes = block.bytes();
    int content = bytes.remaining() - Long.BYTES;
    return new WorkerSlice(slice, worker, executor, bytes.getLong(content), bytes.limit(content));
  }

  /** A slice with which a round begins; not the first one. */
  Block start(int round, int slice) {
    return numbered(round, slice, workers);
  }

  /**
   * Stores a slice with which a round begins, in an array that the caller must not use any more.
   */
  void putStart(int round, int slice, byte[] array) {
    if (isLast(round)) {
      last.store(slice, Arrays.copyOf(array, slices().bytes(slice)));
    }
    arrays.store(start(round, slice), array, slices().bytes(slice));
  }

  /**
   * The slice with which a round begins, which this executor has stored.
   *
   * @throws NoSuchElementException if it has been deleted
   */
  FetchedBlock content(int round, int slice) {
    if (round == 0) {
      return FetchedBlock.of(first.content(slice, context));
    }
    Optional<FetchedBlock> here = start(round, slice).here();
    // The blocks of the exchange are deleted when a stage is over; a task may begin again later.
    return isLast(round)
        ? here.orElseGet(() -> FetchedBlock.of(last.content(slice, context)))
        : here.orElseThrow(() -> new NoSuchElementException("No block of slice " + slice));
  }

  /**
   * Copies the slices before the last round from other executors, as far as they are not here.
   *
   * @return whether all of them are here now
   */
  boolean copyLast(List<Integer> order) {
    try {
      last.gather(order, context, (slice, content) -> {});
      return true;
    } catch (LostSliceException e) {
      return false;
    }
  }

  /** Deletes a worker's pieces of a round, if it stored any here. */
  void deletePieces(int round, int worker) {
    for (int slice = 0; slice < slices().count(); slice++) {
      arrays.delete(piece(round, slice, worker));
    }
  }

  /** Deletes the slices with which a round began. */
  void deleteStarts(int round) {
    for (int slice = 0; slice < slices().count() && round > 0; slice++) {
      arrays.delete(start(round, slice));
    }
  }
}
