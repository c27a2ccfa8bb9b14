package io.stoker.driver.averaging;

import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.Placement;
import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parameters of a job on its executors, from round to round. The driver holds names of blocks,
 * never a value.
 *
 * <p>Each executor that has a worker keeps the slices that it gathers, and the slices of the round
 * before stay where there are several executors, with the pieces that became the current ones,
 * until the next round is complete: losing an executor costs a round or two, not a way back to the
 * last checkpoint. If those are lost as well, the rounds since that checkpoint are done again. What
 * Spark keeps and sends does not grow with the rounds. It owns all blocks and shuffle files that it
 * makes, and {@link #close} releases what is left of them.
 */
public final class SharedParameters implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SharedParameters.class);

  /** What a stage of several rounds may take: nobody hears of them before its end. */
  private static final double MULTI_ROUND_STAGE_SECONDS = 5;

  /** And what its pieces may, which stay until the next stage is complete. */
  private static final long MULTI_ROUND_STAGE_BYTES = 64 << 20;

  /** Rounds that are done one a stage after workers were stranded. */
  private static final int COOLDOWN_ROUNDS = 20;

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final SliceSource frozen;
  private final SliceAverage average;
  private final DriverTraffic traffic;
  private final BlockCleaner releases;
  private SliceRdd current;
  private RoundHistory history;

  /** The slices before the current ones, where there was a round. */
  private final List<SliceRdd> previous = new ArrayList<>();

  private final List<Snapshot> snapshots = new ArrayList<>();

  /** Where the workers of a stage of several rounds meet, once there is one. */
  private Optional<Rendezvous> rendezvous = Optional.empty();

  /** How many rounds are still to be done one a stage; and how many the next time. */
  private int cooldownRounds;

  private int nextCooldownRounds = COOLDOWN_ROUNDS;

  /** How long each of the last rounds took; 0 before the first one. */
  private double secondsOfRound;

  private SharedParameters(
      JavaSparkContext spark,
      Broadcast<SerializableConfiguration> hadoop,
      SliceAverage average,
      SliceSource source,
      SliceSource frozen,
      BlockCleaner releases) {
    this.spark = spark;
    this.releases = releases;
    this.hadoop = hadoop;
    this.frozen = frozen;
    this.average = average;
    this.current = SliceRdd.from(spark.sc(), average.slices(), source, hadoop);
    this.history = RoundHistory.of(source);
    this.traffic = new DriverTraffic(spark.isLocal());
    spark.sc().addSparkListener(traffic);
  }

  /** Puts parameters on the executors, all of which travel, for plain averaging. */
  public static SharedParameters load(
      JavaSparkContext spark, ParameterSlices slices, SliceSource source) {
    return load(spark, slices, source, source, OuterStep.PLAIN, Wire.FP32);
  }

  /**
   * Puts parameters on the executors.
   *
   * @param spark the cluster
   * @param slices how the vectors are cut
   * @param source where they come from
   * @param frozen where the parameters come from that are in no slice
   * @param outer what becomes of the workers' mean
   * @param wire how what the workers have changed travels
   */
  public static SharedParameters load(
      JavaSparkContext spark,
      ParameterSlices slices,
      SliceSource source,
      SliceSource frozen,
      OuterStep outer,
      Wire wire) {
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    SharedParameters parameters =
        new SharedParameters(
            spark,
            hadoop,
            new SliceAverage(slices, outer, wire),
            source,
            frozen,
            new BlockCleaner());
    try {
      parameters.materialize();
      return parameters;
    } catch (Exception | Error e) {
      parameters.close();
      throw e;
    }
  }

  /** The current parameters, for as long as it is open, whatever rounds there are meanwhile. */
  public Snapshot snapshot() {
    Snapshot snapshot = new Snapshot(current, history);
    snapshots.add(snapshot);
    return snapshot;
  }

  /** The parameters at one point in time; they stay on the executors until it is closed. */
  public final class Snapshot implements AutoCloseable {
    private final SliceRdd slices;
    private final RoundHistory origin;

    private Snapshot(SliceRdd slices, RoundHistory origin) {
      this.slices = slices;
      this.origin = origin;
    }

    /**
     * Has one executor do something with them; from any thread.
     *
     * @param description what Spark's user interface calls it
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
     * Has them read from a checkpoint where they are lost, in place of a computation that goes back
     * to the beginning. Not while a round is trained.
     *
     * @param written the checkpoint of exactly these values
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
        releases.add(slices.dropLineage());
      } else {
        release(slices);
      }
    }
  }

  /** Whether a task beside those of a round, one a worker, would have a slot of its own. */
  public boolean hasSlotBeside(int workers) {
    return slots() > workers;
  }

  /**
   * How many of the coming rounds one stage of Spark's may hold, whose workers exchange their
   * pieces by themselves. That is one, but for a small model of short rounds, all whose workers run
   * at the same time: there Spark's own part of a round would be as long as the round.
   *
   * @param workers how many there are
   * @param most what the caller would like
   */
  public int roundsPerStage(int workers, int most) {
    if (!allowsMultiRoundStages(spark.getConf())
        || cooldownRounds > 0
        || secondsOfRound <= 0
        || average.needsBefore()
        || !isAveragedByWorkers(current)) {
      return 1;
    }
    long pieces = (long) workers * average.slices().pieceBytes(0);
    long rounds =
        Math.min(
            (long) (MULTI_ROUND_STAGE_SECONDS / secondsOfRound), MULTI_ROUND_STAGE_BYTES / pieces);
    long wanted = Math.min(most, rounds);
    return wanted > 1 && slots() >= workers ? (int) wanted : 1;
  }

  /** Some of Spark's modes start a worker twice, or take its executor away. */
  private static boolean allowsMultiRoundStages(SparkConf conf) {
    return !conf.getBoolean("spark.speculation", false)
        && !conf.getBoolean("spark.dynamicAllocation.enabled", false)
        && !conf.getBoolean("spark.shuffle.service.enabled", false);
  }

  private int slots() {
    return spark.sc().isStopped() ? 0 : Slots.now(spark);
  }

  /**
   * Consecutive rounds, of which there may be as many as {@link #roundsPerStage} says. If that
   * fails, some of them may be done.
   *
   * @param rounds what the workers do in each
   * @param name the first one's, in Spark's user interface
   * @return what each came to
   */
  public List<RoundReport> advance(List<RoundWork> rounds, String name) {
    if (rounds.size() == 1) {
      return List.of(advance(rounds.get(0), name));
    }
    long start = System.nanoTime();
    try {
      return stage(rounds, name, start);
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      List<RoundReport> oneByOne = new ArrayList<>();
      oneByOne.add(advance(rounds.get(0), name, start));
      rounds.stream().skip(1).forEach(work -> oneByOne.add(advance(work, name)));
      cooldownRounds = nextCooldownRounds;
      nextCooldownRounds *= 2;
      return oneByOne;
    }
  }

  /**
   * One round: the workers train from the current slices, and the outer step towards the mean of
   * what they come to is current from then on. If that fails, the current slices are those before,
   * which may have to be made again.
   *
   * @param work what the workers do
   * @param name the round's, in Spark's user interface
   */
  public RoundReport advance(RoundWork work, String name) {
    return advance(work, name, System.nanoTime());
  }

  private RoundReport advance(RoundWork work, String name, long start) {
    try {
      return stage(List.of(work), name, start).get(0);
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
      return stage(List.of(work), name, start).get(0);
    }
  }

  /** The same parameters on the executors once more, with what they were made of. */
  private SharedParameters replayRounds(RoundHistory rounds) {
    LOG.warn(
        "All copies of a slice are lost: doing {} rounds again, those since {}",
        rounds.rounds().size(),
        rounds.before() == 0 ? "the job began" : "the checkpoint after round " + rounds.before());
    SharedParameters again =
        new SharedParameters(spark, hadoop, average, rounds.source(), frozen, releases);
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

  /**
   * Rounds that are one stage.
   *
   * @param began when the first of them did, which may have been tried before
   */
  private List<RoundReport> stage(List<RoundWork> rounds, String name, long began) {
    long start = System.nanoTime();
    Optional<Rendezvous> meeting =
        rounds.size() > 1 ? Optional.of(rendezvous(rounds.get(0).workers())) : Optional.empty();
    String more = rounds.size() > 1 ? ", and %d more".formatted(rounds.size() - 1) : "";
    String train = name + ": train" + more;
    // A stage has its name from where the last of its RDDs was made, or else the job was run.
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
      // What an only executor takes with it, it takes with all copies.
      keepsCurrent =
          placement.executors().size() > 1 || average.needsBefore() || isAveragedByWorkers(current);
      if (!isAveragedByWorkers(next)) {
        if (!keepsCurrent) {
          // The workers' pieces are there. This makes room for what comes of them.
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
    cooldownRounds = Math.max(0, cooldownRounds - rounds.size());
    secondsOfRound = (System.nanoTime() - start) / 1e9 / rounds.size();
    List<RoundReport> reports = reports(trained, rounds.size(), next, began);
    if (!isInSnapshot(current)) {
      // Every executor with a worker has the current slices now: what they were made of may go.
      releases.add(current.dropLineage());
    }
    previous.forEach(this::releaseUnlessInSnapshot);
    previous.clear();
    if (keepsCurrent) {
      previous.add(current);
    }
    current = next;
    history = history.after(rounds);
    return reports;
  }

  private Rendezvous rendezvous(int workers) {
    if (rendezvous.isEmpty()) {
      RpcEnv environment = spark.sc().env().rpcEnv();
      rendezvous = Optional.of(new Rendezvous(environment, workers, this::slots, traffic));
    }
    return rendezvous.get();
  }

  /**
   * Whether the next round's workers average a round's pieces when they begin. A single slice would
   * be one task's work in a stage of its own too, for which all would wait. More are spread over
   * the executors, so that each averages a share.
   */
  private static boolean isAveragedByWorkers(SliceRdd slices) {
    return slices.slices().count() == 1;
  }

  private void materialize() {
    current.persist(StorageLevel.MEMORY_AND_DISK());
    current.materialize();
  }

  private List<RoundReport> reports(TrainStageRdd trained, int rounds, SliceRdd next, long start) {
    List<RoundReport> reports = new ArrayList<>();
    long driverBytes = traffic.take();
    long began = start;
    for (int round = 0; round < rounds; round++) {
      long ended = round < rounds - 1 ? trained.completed(round) : System.nanoTime();
      List<SliceReport> beginnings = round == 0 ? current.reports() : trained.averages(round);
      List<SliceReport> averages = isAveragedByWorkers(next) ? beginnings : next.reports();
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
              drift(beginnings)));
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

  private boolean isInSnapshot(SliceRdd slices) {
    return snapshots.stream().anyMatch(snapshot -> snapshot.slices == slices);
  }

  private void releaseUnlessInSnapshot(SliceRdd slices) {
    if (!isInSnapshot(slices)) {
      release(slices);
    }
  }

  private void release(SliceRdd slices) {
    Runnable pieces = slices.dropLineage();
    releases.add(
        () -> {
          slices.unpersist(true);
          pieces.run();
        });
  }

  private void releaseAll() {
    release(current);
    previous.forEach(this::release);
  }

  @Override
  public void close() {
    rendezvous.ifPresent(Rendezvous::close);
    if (spark.sc().isStopped()) {
      return; // And with it everything that this owns.
    }
    List.copyOf(snapshots).forEach(Snapshot::close);
    releaseAll();
    releases.close();
    hadoop.destroy(true);
    spark.sc().removeSparkListener(traffic);
    spark.sc().setJobDescription(null);
  }
}
