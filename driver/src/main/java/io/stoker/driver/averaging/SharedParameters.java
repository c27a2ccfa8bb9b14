// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.BlockCleaner;
import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
  private static final Logger LOG = LoggerFactory.getLogger(SharedParameters.class);

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final SliceSource frozen;
  private final SliceAverage average;
  private final Rendezvous.Patience patience;
  private final BlockCleaner cleaner;
  private final RoundsPerStage roundsPerStage;
  private final StageRunner stages;
  private final SliceGenerations slices;
  private final List<Snapshot> snapshots = new ArrayList<>();
  private RoundHistory history;

  private SharedParameters(
      JavaSparkContext spark,
      Broadcast<SerializableConfiguration> hadoop,
      SliceAverage average,
      SliceSource source,
      SliceSource frozen,
      Rendezvous.Patience patience,
      BlockCleaner cleaner) {
    this.spark = spark;
    this.hadoop = hadoop;
    this.average = average;
    this.frozen = frozen;
    this.patience = patience;
    this.cleaner = cleaner;
    this.roundsPerStage = new RoundsPerStage(spark.getConf());
    this.slices =
        new SliceGenerations(SliceRdd.from(spark.sc(), average.slices(), source, hadoop), cleaner);
    this.history = RoundHistory.of(source);
    this.stages = new StageRunner(spark, average, frozen, patience, roundsPerStage);
  }

  /** Loads parameters onto the executors for plain averaging; all of them are in slices. */
  public static SharedParameters load(
      JavaSparkContext spark, ParameterSlices slices, SliceSource source) {
    return load(spark, slices, source, source, OuterStep.PLAIN, Wire.FP32);
  }

  /**
   * Loads parameters onto the executors.
   *
   * @param spark the cluster
   * @param slices how the vectors are cut
   * @param source where the slices come from
   * @param frozen where the parameters come from that are in no slice
   * @param outer how the next parameters follow from the workers' mean
   * @param wire the format in which workers send what they have changed
   */
  public static SharedParameters load(
      JavaSparkContext spark,
      ParameterSlices slices,
      SliceSource source,
      SliceSource frozen,
      OuterStep outer,
      Wire wire) {
    return load(
        spark, new SliceAverage(slices, outer, wire), source, frozen, Rendezvous.Patience.USUAL);
  }

  static SharedParameters load(
      JavaSparkContext spark,
      SliceAverage average,
      SliceSource source,
      SliceSource frozen,
      Rendezvous.Patience patience) {
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    SharedParameters parameters =
        new SharedParameters(spark, hadoop, average, source, frozen, patience, new BlockCleaner());
    try {
      parameters.materialize();
      return parameters;
    } catch (Exception | Error e) {
      parameters.close();
      throw e;
    }
  }

  private void materialize() {
    slices.current().persist(StorageLevel.MEMORY_AND_DISK());
    slices.current().materialize();
  }

  /** Whether the cluster has a slot for one more task while all workers train. */
  public boolean hasSlotBeside(int workers) {
    return stages.slots() > workers;
  }

  /**
   * How many of the coming rounds one stage may hold. This is 1 unless all workers run at the same
   * time and have memory for it; see {@link RoundsPerStage} and {@link ExchangeMemory}.
   *
   * @param workers how many workers there are
   * @param most how many rounds the caller has at most
   */
  public int roundsPerStage(int workers, int most) {
    int numbered = StageBlocks.mostRounds(average.slices().count(), workers);
    int rounds = roundsPerStage.next(Math.min(most, numbered));
    return rounds > 1 && stages.canExchange(workers) ? rounds : 1;
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
   * The same, with reports of the first rounds while the others are trained.
   *
   * @param finished receives the report of each round, in their order, on this thread; if it throws
   *     an exception, this method throws it when the stage has ended
   */
  public void advance(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    long start = System.nanoTime();
    if (rounds.size() == 1) {
      finished.accept(advance(rounds.get(0), name, start));
      return;
    }
    AtomicInteger reported = new AtomicInteger();
    Consumer<RoundReport> counted =
        report -> {
          reported.incrementAndGet();
          finished.accept(report);
        };
    List<RoundReport> others = new ArrayList<>();
    try {
      others.addAll(trained(rounds, name, start, counted));
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      others.add(advance(rounds.get(0), name, start));
      rounds.stream().skip(1).forEach(work -> others.add(advance(work, name)));
      others.subList(0, reported.get()).clear();
      roundsPerStage.failed();
    }
    others.forEach(finished);
  }

  /**
   * Trains one round: the workers train from the current slices, and the outer step in the
   * direction of their mean gives the slices that are current from then on. If this fails, the
   * slices from before remain current, and Spark may have to compute them again.
   *
   * @param work the work of the round
   * @param name the name of the round for Spark's user interface
   */
  public RoundReport advance(RoundWork work, String name) {
    return advance(work, name, System.nanoTime());
  }

  private RoundReport advance(RoundWork work, String name, long start) {
    try {
      return trained(List.of(work), name, start, report -> {}).get(0);
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      slices.replaceBy(replayRounds(history).slices);
      return trained(List.of(work), name, start, report -> {}).get(0);
    }
  }

  private List<RoundReport> trained(
      List<RoundWork> rounds, String name, long start, Consumer<RoundReport> finished) {
    List<RoundReport> others = stages.run(slices, rounds, name, start, finished);
    history = history.after(rounds);
    return others;
  }

  /** Loads the parameters once more, and trains rounds again that were trained before. */
  private SharedParameters replayRounds(RoundHistory rounds) {
    LOG.warn(
        "All copies of a slice are lost: training {} rounds again, those since {}",
        rounds.rounds().size(),
        rounds.before() == 0 ? "the job began" : "the checkpoint after round " + rounds.before());
    SharedParameters again =
        new SharedParameters(spark, hadoop, average, rounds.source(), frozen, patience, cleaner);
    try {
      again.materialize();
      for (RoundWork each : rounds.rounds()) {
        again.advance(each, "a lost round");
      }
      return again;
    } catch (Exception | Error e) {
      again.slices.releaseAll();
      throw e;
    } finally {
      again.stages.close();
    }
  }

  /** The current parameters, which stay on the executors until the snapshot is closed. */
  public Snapshot snapshot() {
    Snapshot snapshot = new Snapshot(slices.hold(), history);
    snapshots.add(snapshot);
    return snapshot;
  }

  /** The parameters at one point in time, while later rounds are trained. */
  public final class Snapshot implements AutoCloseable {
    private final SliceRdd held;
    private final RoundHistory origin;

    private Snapshot(SliceRdd held, RoundHistory origin) {
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
      try {
        return run(held, description, task);
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        if (!LostSliceException.isReasonOf(e)) {
          throw e;
        }
        SharedParameters again = replayRounds(origin);
        try {
          return run(again.slices.current(), description, task);
        } finally {
          again.slices.releaseAll();
        }
      }
    }

    private <T> T run(SliceRdd parameters, String description, SliceTask<T> task) {
      spark.sc().setJobDescription(description);
      return new SliceTaskRdd<>(parameters, task).run();
    }

    /**
     * Gives these parameters a checkpoint as their source: where they are lost, Spark reads the
     * checkpoint, and does not compute rounds again. Must not be called while a round is trained.
     *
     * @param written the checkpoint, which holds exactly these values
     */
    public void cutLineage(SliceSource written) {
      held.cutLineage(written);
      history = history.since(written, origin.length());
    }

    @Override
    public void close() {
      if (snapshots.remove(this)) {
        slices.letGo(held);
      }
    }
  }

  @Override
  public void close() {
    stages.close();
    if (spark.sc().isStopped()) {
      return; // Spark has deleted everything that this object owns.
    }
    List.copyOf(snapshots).forEach(Snapshot::close);
    slices.releaseAll();
    cleaner.close();
    hadoop.destroy(true);
    spark.sc().setJobDescription(null);
  }
}
