// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lifetime of slices: who may read them, and when they are deleted. The slices with which a
 * stage begins and those that it computes are a generation each. A generation is in one of these
 * {@link State}s, and only moves down in the table:
 *
 * <table>
 *   <caption>The states of a generation</caption>
 *   <tr><th>state</th><th>while</th><th>on the executors</th><th>who may read it</th>
 *       <th>a lost slice</th></tr>
 *   <tr><td>TRAINING</td><td>its train stage runs</td>
 *       <td>what the workers exchange, and the slices before the last round</td>
 *       <td>the workers of the stage</td>
 *       <td>is copied from another executor, or the stage is aborted</td></tr>
 *   <tr><td>AVERAGING</td><td>its average stage runs</td>
 *       <td>the pieces of the last round, the slices before it, the slices that are averaged</td>
 *       <td>the tasks of the average stage</td>
 *       <td>is averaged again</td></tr>
 *   <tr><td>CURRENT</td><td>the next stage begins with it</td>
 *       <td>slices, pieces, the slices before the last round</td>
 *       <td>the workers of the next stage, and snapshots</td>
 *       <td>is read from the source; without one it is averaged again</td></tr>
 *   <tr><td>HELD</td><td>snapshots of it are open</td><td>as CURRENT</td>
 *       <td>snapshots, and readers of PREVIOUS</td><td>as CURRENT</td></tr>
 *   <tr><td>PREVIOUS</td><td>it is the one before the current one, and was kept</td>
 *       <td>slices</td>
 *       <td>tasks of the current generation's two stages, if Spark runs them again</td>
 *       <td>is read from the source; without one its rounds are trained again</td></tr>
 *   <tr><td>DELETED</td><td>it is none of these</td><td>nothing</td>
 *       <td>an attempt to repeat a stage that began with it</td><td>as PREVIOUS</td></tr>
 * </table>
 *
 * <p>The source is what the job began with or, from {@link SliceRdd#cutLineage} on, a checkpoint.
 * The current generation is DELETED before the next one is there in one case: {@link #trained} lets
 * it go where the next one does not depend on it.
 *
 * <p>Inside a multi-round stage, the workers delete what they exchange ({@link SliceExchange}). The
 * slices with which a round begins stay on an executor until all workers have stored their pieces
 * of the next round. A piece stays until its worker holds the results and no other worker needs the
 * piece. What is left is deleted when the stage has ended. The array of a deleted block is used
 * again ({@link io.stoker.driver.spark.BlockArrays}).
 *
 * <p>Deleting waits for the answers of the executors, for which rounds must not wait. A thread of
 * this class does it, one deletion after the other. All other methods are for the thread that
 * trains.
 */
final class SliceLifetime implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SliceLifetime.class);
  private static final int PATIENCE_SECONDS = 60;

  /** See the table of this class; here is which event begins each state. */
  enum State {
    /** From {@link #train} on. */
    TRAINING,
    /** From {@link #trained} on. */
    AVERAGING,
    /** From {@link #averaged} on; the first generation from the beginning. */
    CURRENT,
    /** From the end of CURRENT on, if a snapshot is open, until the last one is released. */
    HELD,
    /** From {@link #averaged} of the next generation on, if the stage kept this one. */
    PREVIOUS,
    /** When no other state applies any more, and from {@link #failed} on. */
    DELETED
  }

  private final ExecutorService deletions;
  private final boolean ownsThread;

  /** The current generation and earlier ones, without those that are deleted. */
  private final List<Generation> generations = new ArrayList<>();

  private Generation current;

  /** Null before the first stage, and where the generation before a stage was not kept. */
  private Generation previous;

  /** Null unless a stage computes it. */
  private Generation next;

  /**
   * The slices of a job.
   *
   * @param source of the first ones
   */
  static SliceLifetime of(AveragingJob job, SliceSource source) {
    ExecutorService deletions =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "stoker-block-cleaner");
              made.setDaemon(true);
              return made;
            });
    return new SliceLifetime(SliceRdd.from(job, source), deletions, true);
  }

  /** The slices of rounds of the job that are trained again; this object's thread deletes them. */
  SliceLifetime ofRoundsTrainedAgain(AveragingJob job, SliceSource source) {
    return new SliceLifetime(SliceRdd.from(job, source), deletions, false);
  }

  private SliceLifetime(SliceRdd first, ExecutorService deletions, boolean ownsThread) {
    this.deletions = deletions;
    this.ownsThread = ownsThread;
    this.current = new Generation(first, State.CURRENT);
    generations.add(current);
    first.persist(StorageLevel.MEMORY_AND_DISK());
  }

  SliceRdd current() {
    return current.slices;
  }

  /**
   * Admits the generation that a train stage and the average stage after it compute.
   *
   * @return its slices
   */
  SliceRdd train(TrainStageRdd stage) {
    SliceRdd slices = SliceRdd.averaged(stage);
    slices.persist(StorageLevel.MEMORY_AND_DISK());
    next = new Generation(slices, State.TRAINING);
    return slices;
  }

  /**
   * Notes that the train stage has ended, and its pieces are written.
   *
   * @param keepsCurrent whether the current slices are needed to average the pieces, or to train
   *     again what is lost; otherwise they make room for the averages
   */
  void trained(TrainStageRdd stage, boolean keepsCurrent) {
    move(next, State.AVERAGING);
    stage.endExchange();
    delete(stage::deleteExchanged);
    if (!keepsCurrent) {
      current.isNeeded = false;
      deleteUnused();
    }
  }

  /** Makes the generation current whose average stage has ended. */
  void averaged() {
    Generation before = current.isNeeded ? current : null;
    generations.add(next);
    setCurrent(next, before);
    next = null;
  }

  /** Deletes what a failed stage has computed. */
  void failed() {
    move(next, State.DELETED);
    next = null;
  }

  /** Takes over the slices of a trainer that has trained the same rounds, in place of these. */
  void replaceBy(SliceLifetime same) {
    generations.addAll(same.generations);
    setCurrent(same.current, same.previous);
  }

  private void setCurrent(Generation now, Generation before) {
    current = now;
    previous = before;
    deleteUnused();
  }

  /** Keeps the current generation for a snapshot. */
  Generation hold() {
    current.snapshots++;
    return current;
  }

  /** Ends a snapshot of a generation. */
  void release(Generation held) {
    held.snapshots--;
    deleteUnused();
  }

  /** Deletes all generations without a snapshot; the last deletions of a job are waited for. */
  @Override
  public void close() {
    if (!current().sparkContext().isStopped()) { // Otherwise Spark has deleted all blocks.
      previous = null;
      current.isNeeded = false;
      deleteUnused();
    }
    if (ownsThread) {
      awaitDeletions();
    }
  }

  private void awaitDeletions() {
    deletions.shutdown();
    try {
      if (!deletions.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("Blocks of the job are still being deleted after {} s", PATIENCE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void deleteUnused() {
    generations.forEach(each -> move(each, stateOf(each)));
    generations.removeIf(each -> each.state == State.DELETED);
  }

  private State stateOf(Generation generation) {
    if (generation == current && generation.isNeeded) {
      return State.CURRENT;
    }
    if (generation.snapshots > 0) {
      return State.HELD;
    }
    return generation == previous ? State.PREVIOUS : State.DELETED;
  }

  private void move(Generation generation, State to) {
    State from = generation.state;
    if (to.compareTo(from) < 0) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "Slices that are %s cannot become %s", from, to));
    }
    generation.state = to;
    if (to == from || to.compareTo(State.PREVIOUS) < 0) {
      return;
    }
    SliceRdd slices = generation.slices;
    Runnable deletePieces = slices.dropLineage();
    delete(
        () -> {
          if (to == State.DELETED) {
            slices.unpersist(true);
          }
          deletePieces.run();
        });
  }

  private void delete(Runnable deletion) {
    deletions.execute(
        () -> {
          if (current().sparkContext().isStopped()) {
            return; // Spark has deleted all blocks, and would not answer.
          }
          try {
            deletion.run();
          } catch (Exception e) { // Also Spark's checked exceptions, which reach Java undeclared.
            LOG.warn(
                "Cannot delete blocks of a past round, which stay until Spark stops: {}",
                e.toString());
          }
        });
  }

  /** The slices at one point in time. */
  static final class Generation {
    private final SliceRdd slices;
    private State state;
    private int snapshots;

    /** False when the next generation can be averaged without it. */
    private boolean isNeeded = true;

    private Generation(SliceRdd slices, State state) {
      this.slices = slices;
      this.state = state;
    }

    SliceRdd slices() {
      return slices;
    }

    State state() {
      return state;
    }
  }
}
