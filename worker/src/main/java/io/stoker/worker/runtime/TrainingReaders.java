package io.stoker.worker.runtime;

import io.stoker.data.batch.BatchReader;
import io.stoker.data.batch.ImageBatch;
import io.stoker.data.batch.SplitBlocks;
import io.stoker.data.plan.EpochPlan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * The open readers of this process. A reader runs from some step to the end of its epoch, and waits
 * between rounds, its next batches ready; the next round of the same worker takes it up where it
 * stands. Where that cannot be (the worker moved, a task is retried) a new one is opened at the
 * step that is wanted, and yields the same batches.
 *
 * <p>There are never more than were ever open, or prepared, at once.
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
   * A reader and where it stands.
   *
   * @param used whether a round has read from it
   */
  private record Waiting(Position position, BatchReader reader, boolean used) {
    /**
     * Whether nobody will want it once a round begins elsewhere: it has another step of the same
     * worker's, of an earlier attempt or round; or it was prepared for a round that its worker has
     * had in another process.
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
   * Opens, or takes up, the reader of one worker's part of a round.
   *
   * @param data what is read
   * @param epoch the epoch, from 0
   * @param worker the worker
   * @param step the first step within the epoch
   * @param hadoop how to reach the data
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
   * Opens the reader of one worker's part of a round that will be here soon, and has its first
   * batches made.
   *
   * @param data what is read
   * @param epoch the epoch, from 0
   * @param worker the worker
   * @param step the first step within the epoch
   * @param hadoop how to reach the data
   */
  public void prepare(TrainingData data, int epoch, int worker, long step, Configuration hadoop) {
    try (RoundReader reader = reader(data, epoch, worker, step, hadoop)) {
      allowForWaiting();
      reader.completed();
    }
  }

  /** What waits for its first round will be open at once with what is open now. */
  private synchronized void allowForWaiting() {
    peak = Math.max(peak, open + waiting.size());
  }

  private BatchReader open(Position position, Configuration hadoop) {
    TrainingData data = position.data();
    SplitBlocks blocks = resources.blocks(data.uri(), data.manifestSha256(), data.split(), hadoop);
    EpochPlan plan = data.plan(blocks.rows(), position.epoch());
    return BatchReader.training(
        blocks,
        plan,
        position.worker(),
        Math.toIntExact(position.step()),
        plan.steps(),
        data.input());
  }

  private BatchReader take(Position position) {
    List<Waiting> stale = new ArrayList<>();
    try {
      return take(position, stale);
    } finally {
      stale.forEach(each -> each.reader().close()); // That may wait for a storage.
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
    return taken;
  }

  private synchronized boolean keep(Waiting reader) {
    release();
    if (closed || !reader.reader().hasNext()) {
      return false;
    }
    waiting.addFirst(reader);
    if (waiting.size() + open > peak) {
      waiting.removeLast().reader().close();
    }
    return true;
  }

  private synchronized void release() {
    open--;
  }

  /** How many readers this process has opened, or tried to. */
  public synchronized int opened() {
    return opened;
  }

  /** How many readers wait for their worker's next round. */
  synchronized int waiting() {
    return waiting.size();
  }

  /** Closes the readers that wait now, and the others when their round is over. */
  @Override
  public synchronized void close() {
    closed = true;
    waiting.forEach(each -> each.reader().close());
    waiting.clear();
  }

  /** The batches of one worker in one round; one thread's, until it is closed. */
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
     * Says that the round's batches were all used, so that the next round may go on from here; its
     * first batches are made meanwhile.
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
      } else if (!keep(new Waiting(next, reader, delivered > 0))) {
        reader.close();
      }
    }
  }
}
