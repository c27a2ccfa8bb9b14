// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.FetchWindow.Block;
import io.stoker.driver.spark.FetchedBlock;
import io.stoker.driver.spark.RecordSerializer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.spark.TaskContext;

/**
 * The blocks of a multi-round stage on this executor: the workers' pieces, and the slices with
 * which its rounds begin. All of them are functions of the job, so a block that is here already is
 * never replaced.
 *
 * <p>The slices before the first round are those before the stage. The slices before the last round
 * are blocks of an RDD that the driver knows, so that Spark's tasks find them: the average stage,
 * and a worker whose last piece is lost. All others are known to the workers alone.
 */
final class StageBlocks {
  private static final RecordSerializer<WorkerSlice> PIECES =
      new RecordSerializer<>(new WorkerSliceFormat());

  private final int stage;
  private final int rounds;
  private final int workers;
  private final SliceRdd first;
  private final SliceRdd last;
  private final TaskContext context;

  /**
   * @param stage the number of the stage's RDD, which is also that of its blocks
   * @param rounds how many rounds the stage holds, at least 2
   * @param workers how many workers there are
   * @param first the slices before the first round
   * @param last the slices before the last round
   * @param context the task's
   */
  StageBlocks(
      int stage, int rounds, int workers, SliceRdd first, SliceRdd last, TaskContext context) {
    this.stage = stage;
    this.rounds = rounds;
    this.workers = workers;
    this.first = first;
    this.last = last;
    this.context = context;
  }

  /** How many rounds a stage may hold before the numbers of its blocks are used up. */
  static int mostRounds(int slices, int workers) {
    return (int) Math.min(Integer.MAX_VALUE, Integer.MAX_VALUE / ((long) slices * (workers + 1)));
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

  /** A worker's piece after a round. */
  Block piece(int round, int slice, int worker) {
    return numbered(round, slice, worker);
  }

  void putPiece(int round, WorkerSlice piece) {
    put(piece(round, piece.slice(), piece.worker()), PIECES.write(piece));
  }

  private static void put(Block block, ByteBuffer... bytes) {
    Blocks.putBytes(block.rdd(), block.partition(), bytes);
  }

  /** Reads a piece, and closes its block. */
  static WorkerSlice readPiece(FetchedBlock block) {
    try (block;
        InputStream in = block.open()) {
      return PIECES.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A slice with which a round begins; not the first one. */
  Block start(int round, int slice) {
    return isLast(round) ? new Block(last.id(), slice) : numbered(round, slice, workers);
  }

  /** Stores a slice with which a round begins. The content must not be written to any more. */
  void putStart(int round, int slice, byte[] content) {
    if (!isLast(round)) {
      put(start(round, slice), ByteBuffer.wrap(content));
    } else {
      last.store(slice, content);
    }
  }

  /** Reads a slice with which a round begins, and closes its block. */
  byte[] readStart(int round, int slice, FetchedBlock block) {
    if (isLast(round)) {
      return Blocks.element(last, slice, block);
    }
    try (block;
        InputStream in = block.open()) {
      byte[] content = new byte[slices().bytes(slice)];
      new DataInputStream(in).readFully(content);
      return content;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The slice with which a round begins, which this executor has stored.
   *
   * @return the content, which must not be written to
   */
  byte[] content(int round, int slice) {
    if (round == 0) {
      return first.content(slice, context);
    }
    if (isLast(round)) {
      return last.content(slice, context);
    }
    FetchedBlock block =
        start(round, slice)
            .here()
            .orElseThrow(() -> new IllegalStateException("No block of slice " + slice));
    return readStart(round, slice, block);
  }

  /**
   * Deletes what no task needs any more as soon as all workers have stored their pieces of a round:
   * this worker's pieces of the round before, and the slices with which that round began.
   */
  void deleteBefore(int round, int worker) {
    int past = round - 1;
    if (past < 0) {
      return;
    }
    for (int slice = 0; slice < slices().count(); slice++) {
      delete(piece(past, slice, worker));
      if (past > 0) {
        delete(start(past, slice));
      }
    }
  }

  private static void delete(Block block) {
    Blocks.remove(block.rdd(), block.partition());
  }
}
