// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.plan.EpochPlan;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * The open readers of this process. A reader yields batches from some step to the end of its epoch.
 * Between rounds it waits, with the next batches ready, and the worker's next round continues with
 * it. If this process has no reader at that step (the worker ran on another executor before, or
 * Spark runs its task again), it opens a new one there, which yields the same batches.
 *
 * <p>A process keeps at most as many readers as its rounds have used, or prepared, at one time.
 * Those of other jobs, which may have ended, make room first; {@link #closeUnused} closes the rest.
 */
public final class TrainingReaders implements AutoCloseable {
  private record Position(TrainingData data, int epoch, int worker, long step) {
    boolean isOfSameWorker(Position other) {
      return data.equals(other.data) && worker == other.worker;
    }

    boolean isBefore(Position other) {
      return data.equals(other.data)
          && (epoch < other.epoch || (epoch == other.epoch && step < other.step));
    }
  }

  /**
   * A reader that waits for a round.
   *
   * @param position its next batch
   * @param used whether a round has read from it
   * @param since when its wait began, as of {@link System#nanoTime}
   */
  private record Waiting(Position position, BatchReader reader, boolean used, long since) {
    /**
     * True if the reader is of no use once a round has begun at another position. Either an earlier
     * attempt or round of the same worker left it at another step, or this process prepared it for
     * a round that the worker then trained in another process.
     */
    boolean isStaleAt(Position beginning) {
      return position.isOfSameWorker(beginning) || (!used && position.isBefore(beginning));
    }
  }

  private final ExecutorResources resources;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int opened;
  private int open;
  private int peak;
  private boolean closed;

  TrainingReaders(ExecutorResources resources) {
    this.resources = resources;
  }

  /**
   * Returns the reader of one worker's part of a round: one that waits at its first step, or a new
   * one.
   *
   * @param data the data
   * @param epoch the epoch, from 0
   * @param worker the worker
   * @param step the first step within the epoch
   * @param hadoop with which the data is reached
   */
  public RoundReader reader(
      TrainingData data, int epoch, int worker, long step, Configuration hadoop) {
    Position position = new Position(data, epoch, worker, step);
    BatchReader reader = take(position);
    try {
      return new RoundReader(position, reader == null ? open(position, hadoop) : reader);
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    }
  }

  /**
   * Opens the reader of one worker's part of a round that will soon begin in this process, and lets
   * it prepare its first batches.
   *
   * @param data the data
   * @param epoch the epoch, from 0
   * @param worker the worker
   * @param step the first step within the epoch
   * @param hadoop with which the data is reached
   */
  public void prepare(TrainingData data, int epoch, int worker, long step, Configuration hadoop) {
    try (RoundReader reader = reader(data, epoch, worker, step, hadoop)) {
      allowForWaiting();
      reader.completed();
    }
  }

  /** A reader that waits for its first round will be open at the same time as those open now. */
  private synchronized void allowForWaiting() {
    peak = Math.max(peak, open + waiting.size());
  }

  private BatchReader open(Position position, Configuration hadoop) {
    TrainingData data = position.data();
    TrainingData.Source source = data.source();
    SplitBlocks blocks =
        resources.blocks(source.uri(), source.manifestSha256(), source.split(), hadoop);
    EpochPlan plan = data.plan(blocks, position.epoch());
    return BatchReader.training(
        blocks,
        plan,
        position.worker(),
        Math.toIntExact(position.step()),
        plan.steps(),
        data.images().input());
  }

  private BatchReader take(Position position) {
    List<Waiting> stale = new ArrayList<>();
    try {
      return take(position, stale);
    } finally {
      closeAll(stale);
    }
  }

  private synchronized BatchReader take(Position position, List<Waiting> stale) {
    open++;
    peak = Math.max(peak, open);
    BatchReader taken = null;
    for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
      Waiting candidate = each.next();
      if (taken == null && candidate.position().equals(position)) {
        each.remove();
        taken = candidate.reader();
      } else if (candidate.isStaleAt(position)) {
        each.remove();
        stale.add(candidate);
      }
    }
    if (taken == null) {
      opened++;
    }
    removeOfOtherJobs(position, stale);
    return taken;
  }

  /**
   * Makes room among the readers of other jobs, which may have ended. Workers of the same job may
   * still come for theirs.
   */
  private void removeOfOtherJobs(Position position, List<Waiting> removed) {
    Iterator<Waiting> longest = waiting.descendingIterator();
    while (open + waiting.size() > peak && longest.hasNext()) {
      Waiting candidate = longest.next();
      if (!candidate.position().data().equals(position.data())) {
        longest.remove();
        removed.add(candidate);
      }
    }
  }

  /**
   * Keeps a reader for the next round of its worker. If that makes too many, closing the reader
   * that has waited longest is left to the caller.
   *
   * @return the reader that the caller must close
   */
  private synchronized Optional<BatchReader> keep(Waiting reader) {
    release();
    if (closed || !reader.reader().hasNext()) {
      return Optional.of(reader.reader());
    }
    waiting.addFirst(reader);
    return waiting.size() + open > peak
        ? Optional.of(waiting.removeLast().reader())
        : Optional.empty();
  }

  private synchronized void release() {
    open--;
  }

  /** How many readers this process has opened, or tried to open. */
  public synchronized int opened() {
    return opened;
  }

  /** How many readers wait for the next round of their worker. */
  synchronized int waiting() {
    return waiting.size();
  }

  /** Closes the readers that have waited for some time: their job may have ended. */
  void closeUnused(Duration time) {
    closeAll(removeUnused(time));
  }

  private synchronized List<Waiting> removeUnused(Duration time) {
    long now = System.nanoTime();
    List<Waiting> unused =
        waiting.stream().filter(each -> now - each.since() >= time.toNanos()).toList();
    waiting.removeAll(unused);
    return unused;
  }

  /** Closes the readers that wait now, and the others when their round ends. */
  @Override
  public void close() {
    closeAll(removeAll());
  }

  private synchronized List<Waiting> removeAll() {
    closed = true;
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    return all;
  }

  /** Must not be called with the lock: closing waits for storage, and other workers would, too. */
  private static void closeAll(List<Waiting> readers) {
    readers.forEach(each -> each.reader().close());
  }

  /** The batches of one worker in one round. One thread uses it, until it is closed. */
  public final class RoundReader implements AutoCloseable {
    private final Position start;
    private final BatchReader reader;
    private int delivered;
    private boolean complete;

    private RoundReader(Position start, BatchReader reader) {
      this.start = start;
      this.reader = reader;
    }

    /** The batch of the next step, valid until the next call. */
    public ImageBatch next() {
      delivered++;
      return reader.next();
    }

    /**
     * Notes that the round has used all of its batches, so that the next round can continue from
     * here. Until it does, the reader prepares its first batches.
     */
    public void completed() {
      reader.pause();
      complete = true;
    }

    @Override
    public void close() {
      Position next =
          new Position(start.data(), start.epoch(), start.worker(), start.step() + delivered);
      if (!complete) {
        release();
        reader.close();
      } else {
        Waiting kept = new Waiting(next, reader, delivered > 0, System.nanoTime());
        keep(kept).ifPresent(BatchReader::close);
      }
    }
  }
}
