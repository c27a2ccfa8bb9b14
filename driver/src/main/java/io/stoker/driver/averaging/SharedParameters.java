// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.DriverTraffic;
import io.stoker.driver.spark.Placement;
import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
  private final DriverTraffic traffic;
  private final BlockCleaner cleaner;
  private final RoundsPerStage roundsPerStage;

  private SliceRdd current;
  private RoundHistory history;

  /** The slices before the last round; empty before the first one, and where they are not kept. */
  private final List<SliceRdd> previous = new ArrayList<>();

  private final List<Snapshot> snapshots = new ArrayList<>();

  /** Where the workers of multi-round stages wait for each other; opened for the first one. */
  private Optional<RendezvousEndpoint> rendezvous = Optional.empty();

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
    this.current = SliceRdd.from(spark.sc(), average.slices(), source, hadoop);
    this.history = RoundHistory.of(source);
    this.traffic = new DriverTraffic(spark.isLocal());
    spark.sc().addSparkListener(traffic);
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
    current.persist(StorageLevel.MEMORY_AND_DISK());
    current.materialize();
  }

  /** Whether the cluster has a slot for one more task while all workers train. */
  public boolean hasSlotBeside(int workers) {
    return slots() > workers;
  }

  private int slots() {
    return Slots.now(spark).count();
  }

  /**
   * How many of the coming rounds one stage may hold. This is 1 unless the model is small, its
   * rounds are short, and all workers run at the same time; see {@link RoundsPerStage}.
   *
   * @param workers how many workers there are
   * @param most how many rounds the caller has at most
   */
  public int roundsPerStage(int workers, int most) {
    if (average.needsBefore() || !isAveragedByWorkers(current)) {
      return 1;
    }
    int rounds = roundsPerStage.next(most, (long) workers * average.slices().pieceBytes(0));
    return rounds > 1 && slots() >= workers ? rounds : 1;
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
    if (rounds.size() == 1) {
      return List.of(advance(rounds.get(0), name));
    }
    long start = System.nanoTime();
    try {
      return runStage(rounds, name, start);
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      List<RoundReport> oneByOne = new ArrayList<>();
      oneByOne.add(advance(rounds.get(0), name, start));
      rounds.stream().skip(1).forEach(work -> oneByOne.add(advance(work, name)));
      roundsPerStage.failed();
      return oneByOne;
    }
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
      return runStage(List.of(work), name, start).get(0);
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      SharedParameters again = replayRounds(history);
      releaseUnlessInSnapshot(current);
      previous.forEach(this::releaseUnlessInSnapshot);
      current = again.current;
      previous.clear();
      previous.addAll(again.previous);
      return runStage(List.of(work), name, start).get(0);
    }
  }

  /**
   * Runs a train stage, and the average stage after it where there is one.
   *
   * @param start when the first round began, in this attempt or an earlier one
   */
  private List<RoundReport> runStage(List<RoundWork> rounds, String name, long start) {
    long stageStart = System.nanoTime();
    Optional<RendezvousEndpoint> meeting =
        rounds.size() > 1 ? Optional.of(rendezvous(rounds.get(0).workers())) : Optional.empty();
    String more =
        rounds.size() > 1 ? String.format(Locale.ROOT, ", and %d more", rounds.size() - 1) : "";
    String train = name + ": train" + more;
    // Spark names a stage after the call site of its last RDD, and of the job.
    spark.sc().setCallSite(train);
    Placement placement = Placement.along(spark);
    TrainStageRdd trained = new TrainStageRdd(current, rounds, frozen, average, placement, meeting);
    spark.sc().setCallSite(name + ": average");
    SliceRdd next = SliceRdd.averaged(current, trained);
    next.persist(StorageLevel.MEMORY_AND_DISK());
    boolean keepsCurrent;
    try {
      spark.sc().setJobDescription(train);
      next.train();
      // On a single executor all copies are lost together, so that older slices do not help there.
      keepsCurrent =
          placement.executors().size() > 1 || average.needsBefore() || isAveragedByWorkers(current);
      if (!isAveragedByWorkers(next)) {
        if (!keepsCurrent) {
          // The pieces are written. Deleting the slices now makes room for the averages.
          releaseUnlessInSnapshot(current);
        }
        spark.sc().setJobDescription(name + ": average");
        next.materialize();
      }
    } catch (Exception | Error e) {
      release(next);
      throw e;
    } finally {
      spark.sc().clearCallSite();
    }
    roundsPerStage.completed(rounds.size(), (System.nanoTime() - stageStart) / 1e9);
    List<RoundReport> reports = reports(trained, rounds.size(), next, start);
    makeCurrent(next, keepsCurrent);
    history = history.after(rounds);
    return reports;
  }

  private void makeCurrent(SliceRdd next, boolean keepsCurrent) {
    if (!isInSnapshot(current)) {
      // Every executor with a worker holds the current slices now, so that their pieces can go.
      cleaner.add(current.dropLineage());
    }
    previous.forEach(this::releaseUnlessInSnapshot);
    previous.clear();
    if (keepsCurrent) {
      previous.add(current);
    }
    current = next;
  }

  private RendezvousEndpoint rendezvous(int workers) {
    if (rendezvous.isEmpty()) {
      rendezvous =
          Optional.of(
              new RendezvousEndpoint(
                  new Rendezvous(workers, this::slots, traffic, patience, System::nanoTime)));
    }
    return rendezvous.get();
  }

  /**
   * Whether slices are averaged by the next round's workers when they begin. This is so for a model
   * of one slice, whose average stage would have a single task, for which all would wait. Several
   * slices are averaged in a stage, whose tasks are spread over the executors.
   */
  private static boolean isAveragedByWorkers(SliceRdd slices) {
    return slices.slices().count() == 1;
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
      again.releaseAll();
      throw e;
    } finally {
      spark.sc().removeSparkListener(again.traffic);
    }
  }

  private List<RoundReport> reports(TrainStageRdd trained, int rounds, SliceRdd next, long start) {
    List<RoundReport> reports = new ArrayList<>();
    long driverBytes = traffic.take();
    long began = start;
    for (int round = 0; round < rounds; round++) {
      long ended = round < rounds - 1 ? trained.completed(round) : System.nanoTime();
      List<SliceReport> before = round == 0 ? current.reports() : trained.averages(round);
      List<SliceReport> averages = isAveragedByWorkers(next) ? before : next.reports();
      List<WorkerReport> workers = trained.reports(round);
      int slots = Math.max(1, Math.min(spark.defaultParallelism(), averages.size()));
      reports.add(
          new RoundReport(
              workers,
              (ended - began) / 1e9,
              averages.stream().mapToDouble(SliceReport::seconds).sum() / slots,
              driverBytes * (round + 1) / rounds - driverBytes * round / rounds,
              averages.stream().mapToLong(SliceReport::movedBytes).sum()
                  + workers.stream().mapToLong(WorkerReport::fetchedBytes).sum(),
              drift(before)));
      began = ended;
    }
    return reports;
  }

  private static double drift(List<SliceReport> reports) {
    Map<Integer, SliceReport> bySlice = new HashMap<>();
    reports.forEach(each -> bySlice.put(each.slice(), each));
    double norm = bySlice.values().stream().mapToDouble(SliceReport::normSquared).sum();
    double drift = bySlice.values().stream().mapToDouble(SliceReport::driftSquared).sum();
    return norm > 0 ? Math.sqrt(drift / norm) : 0;
  }

  /** The current parameters, which stay on the executors until the snapshot is closed. */
  public Snapshot snapshot() {
    Snapshot snapshot = new Snapshot(current, history);
    snapshots.add(snapshot);
    return snapshot;
  }

  /** The parameters at one point in time, while later rounds are trained. */
  public final class Snapshot implements AutoCloseable {
    private final SliceRdd slices;
    private final RoundHistory origin;

    private Snapshot(SliceRdd slices, RoundHistory origin) {
      this.slices = slices;
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
        return run(slices, description, task);
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        if (!LostSliceException.isReasonOf(e)) {
          throw e;
        }
        SharedParameters again = replayRounds(origin);
        try {
          return run(again.current, description, task);
        } finally {
          again.releaseAll();
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
      slices.cutLineage(written);
      history = history.since(written, origin.length());
    }

    @Override
    public void close() {
      if (!snapshots.remove(this) || isInSnapshot(slices) || slices == current) {
        return;
      }
      if (previous.contains(slices)) {
        cleaner.add(slices.dropLineage());
      } else {
        release(slices);
      }
    }
  }

  private boolean isInSnapshot(SliceRdd slices) {
    return snapshots.stream().anyMatch(snapshot -> snapshot.slices == slices);
  }

  private void releaseUnlessInSnapshot(SliceRdd slices) {
    if (!isInSnapshot(slices)) {
      release(slices);
    }
  }

  private void release(SliceRdd slices) {
    Runnable deletePieces = slices.dropLineage();
    cleaner.add(
        () -> {
          slices.unpersist(true);
          deletePieces.run();
        });
  }

  private void releaseAll() {
    release(current);
    previous.forEach(this::release);
  }

  @Override
  public void close() {
    rendezvous.ifPresent(RendezvousEndpoint::close);
    if (spark.sc().isStopped()) {
      return; // Spark has deleted everything that this object owns.
    }
    List.copyOf(snapshots).forEach(Snapshot::close);
    releaseAll();
    cleaner.close();
    hadoop.destroy(true);
    spark.sc().removeSparkListener(traffic);
    spark.sc().setJobDescription(null);
  }
}
