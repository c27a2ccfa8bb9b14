// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.Slots;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceOwners;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.slice.SliceTask;
import io.stoker.driver.slice.SliceTasks;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.OneAttempt;
import io.stoker.driver.spark.Placement;
import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The parameters of a job on the executors, from round to round. The driver holds the names of
 * blocks, and no values.
 *
 * <p>Each executor that runs a worker stores the slices that it gathers. On a cluster of several
 * executors, the slices of the previous round, and the pieces from which the current ones were
 * averaged, stay until the next round is complete. So the loss of an executor costs one or two
 * rounds. If all copies of those are lost, the driver trains the rounds since the last checkpoint
 * again. What Spark stores and sends does not grow with the number of rounds.
 *
 * <p>It owns all blocks and shuffle files that it causes; {@link #close} deletes the remaining
 * ones.
 */
public final class SharedParameters implements AutoCloseable {
  private final AveragingJob job;
  private final RoundTrainer trainer;
  private final List<Snapshot> snapshots = new ArrayList<>();

  private SharedParameters(AveragingJob job, SliceSource source) {
    this.job = job;
    try {
      this.trainer = new RoundTrainer(job, source);
    } catch (Exception | Error e) {
      deleteBroadcast(job);
      throw e;
    }
  }

  private static void deleteBroadcast(AveragingJob job) {
    if (!job.spark().sc().isStopped()) { // Executors do not answer a stopped context.
      job.hadoop().destroy(true);
    }
  }

  /**
   * Loads parameters onto the executors.
   *
   * @param spark the cluster
   * @param average how the next parameters follow from those of the workers
   * @param source where the slices come from
   * @param frozen where the parameters come from that are in no slice
   */
  public static SharedParameters load(
      JavaSparkContext spark, SliceAverage average, SliceSource source, SliceSource frozen) {
    return load(spark, average, source, frozen, 1);
  }

  /**
   * Loads parameters onto the executors.
   *
   * @param quorum the share of the workers with which a round of a multi-round stage may end, above
   *     0; 1 for all, as where rounds overlap
   */
  public static SharedParameters load(
      JavaSparkContext spark,
      SliceAverage average,
      SliceSource source,
      SliceSource frozen,
      double quorum) {
    return load(spark, average, source, frozen, StageRules.Patience.USUAL, quorum);
  }

  static SharedParameters load(
      JavaSparkContext spark,
      SliceAverage average,
      SliceSource source,
      SliceSource frozen,
      StageRules.Patience patience,
      double quorum) {
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    return new SharedParameters(
        new AveragingJob(
            spark,
            hadoop,
            average,
            frozen,
            patience,
            quorum,
            new ReentrantLock(true)), // fair, because the group that goes on takes it again at once
        source);
  }

  /** Whether the cluster has a slot for one more task while all workers train. */
  public boolean hasSlotBeside(int workers) {
    return Slots.now(job.spark()).count() > workers;
  }

  /**
   * How many of the coming rounds one stage may hold. This is 1 unless all workers run at the same
   * time and have memory for it; see {@link RoundsPerStage} and {@link ExchangeMemory}.
   *
   * @param workers how many workers there are
   * @param most how many rounds the caller has at most
   */
  public int roundsPerStage(int workers, int most) {
    return trainer.roundsPerStage(workers, most);
  }

  /**
   * Trains consecutive rounds in one stage, at most as many as {@link #roundsPerStage} says. If
   * this fails, some of the rounds may be done.
   *
   * @param rounds the work of each round
   * @param name the name of the first round for Spark's user interface
   * @return a report of each round
   */
  public List<RoundReport> advance(List<RoundWork> rounds, String name) {
    List<RoundReport> reports = new ArrayList<>();
    advance(rounds, name, reports::add);
    return reports;
  }

  /**
   * Trains consecutive rounds in one stage, and reports the first rounds while the others are
   * trained. Rounds that overlap are a group: the workers begin the first one with the current
   * slices, and each other one with their own values. A group may be larger than {@link
   * #roundsPerStage} says, and waits until the cluster has a slot for each worker.
   *
   * @param finished receives the report of each round, in their order, on this thread; if it throws
   *     an exception, this method throws it when the stage has ended
   */
  public void advance(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    trainer.advance(rounds, name, finished);
  }

  /**
   * Trains one round: the workers train from the current slices, and the outer step in the
   * direction of their mean gives the slices that are current from then on. If this fails, the
   * slices from before remain current, and Spark may have to compute them again.
   *
   * @param name the name of the round for Spark's user interface
   */
  public RoundReport advance(RoundWork work, String name) {
    return advance(List.of(work), name).get(0);
  }

  /** The current parameters, which stay on the executors until the snapshot is closed. */
  public Snapshot snapshot() {
    Snapshot snapshot = new Snapshot(trainer.slices().hold(), trainer.history());
    snapshots.add(snapshot);
    return snapshot;
  }

  /** The parameters at one point in time, while later rounds are trained. */
  public final class Snapshot implements AutoCloseable {
    private final SliceLifetime.Generation held;
    private final RoundHistory origin;

    private Snapshot(SliceLifetime.Generation held, RoundHistory origin) {
      this.held = held;
      this.origin = origin;
    }

    /**
     * Runs a task with these parameters on one executor. May be called from any thread.
     *
     * @param description the job's name in Spark's user interface
     * @return what the task returns
     */
    public <T> T onOneExecutor(String description, SliceTask<T> task) {
      return run(
          description,
          1,
          (one, slices, context, hadoop) -> {
            OneAttempt.await(context); // The task may write a file.
            return task.run(slices.slices(), slice -> slices.content(slice, context), hadoop);
          },
          Placement.ANYWHERE,
          tasks -> Jobs.elements(tasks).get(0));
    }

    /**
     * Runs tasks with these parameters on the executors.
     *
     * @param description the job's name in Spark's user interface
     * @param count how many
     * @param task what each does
     * @param sparkJob has Spark run an RDD of their results, one a partition; may be called twice
     * @return what the job returns
     */
    public <T, R> R onExecutors(
        String description, int count, SliceTasks<T> task, Function<RDD<T>, R> sparkJob) {
      return run(
          description,
          count,
          (number, slices, context, hadoop) -> {
            List<Integer> order = new SliceOwners(slices.slices().count(), count).order(number);
            return task.run(
                number, slices.slices(), reader -> slices.gather(order, context, reader), hadoop);
          },
          Placement.along(job.spark()),
          sparkJob);
    }

    private <T, R> R run(
        String description,
        int count,
        SliceTaskRdd.Body<T> body,
        Placement placement,
        Function<RDD<T>, R> sparkJob) {
      job.spark().sc().setJobDescription(description);
      try {
        return sparkJob.apply(new SliceTaskRdd<>(held.slices(), count, body, placement));
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        if (!LostSliceException.isReasonOf(e)) {
          throw e;
        }
        try (RoundTrainer again = trainer.replay(origin)) {
          return sparkJob.apply(
              new SliceTaskRdd<>(again.slices().current(), count, body, placement));
        }
      }
    }

    /**
     * Gives these parameters a checkpoint as their source: where they are lost, Spark reads the
     * checkpoint, and does not compute rounds again. Must not be called while a round is trained.
     *
     * @param written the checkpoint, which holds exactly these values
     */
    public void cutLineage(SliceSource written) {
      held.slices().cutLineage(written);
      trainer.shortenHistory(written, origin.length());
    }

    @Override
    public void close() {
      if (snapshots.remove(this)) {
        trainer.slices().release(held);
      }
    }
  }

  @Override
  public void close() {
    if (job.spark().sc().isStopped()) {
      trainer.close();
      return; // Spark has deleted everything that this object owns.
    }
    List.copyOf(snapshots).forEach(Snapshot::close);
    trainer.close();
    deleteBroadcast(job); // Spark may have stopped meanwhile.
    job.spark().sc().setJobDescription(null);
  }
}
