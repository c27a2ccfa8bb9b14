// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceOwners;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.slice.WorkerSlice;
import io.stoker.driver.slice.WorkerSliceFormat;
import io.stoker.driver.spark.AllPartitionsDependency;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.DriverQuestions;
import io.stoker.driver.spark.FetchedBlock;
import io.stoker.driver.spark.IndexedRdd;
import io.stoker.driver.spark.Placement;
import io.stoker.worker.runtime.RoundWork;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * The train stage, one task a worker. A task gathers the slices into a replica, takes the worker's
 * local steps, and yields the result, cut into pieces.
 *
 * <p>A stage holds one round or several. Between two rounds of a stage the workers exchange their
 * pieces through their executors' blocks (see {@link SliceExchange}), with the computation of the
 * average stage, but without the cost of a Spark stage. The pieces of the last round are the
 * elements of this RDD, and go through Spark's shuffle.
 */
final class TrainStageRdd extends IndexedRdd<Tuple2<Integer, WorkerSlice>> {
  private static final long serialVersionUID = 1L;

  private final SliceRdd first;
  private final SliceRdd lastStart;
  private final List<RoundWork> rounds;
  private final boolean hasQuorum;
  private final SliceSource frozen;
  private final SliceAverage average;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final CollectionAccumulator<TaskReport> reports;

  /** The name of the endpoint on which workers wait for each other. */
  private final String rendezvousName;

  private final transient Rendezvous rendezvous;

  /** Transient, because the driver alone chooses the executor of a task. */
  private final transient Placement placement;

  /**
   * @param first the slices before the first round
   * @param placement the executors of the workers, which find open readers and cached data there
   * @param rendezvous where workers wait for each other, if there are several rounds
   * @param allowance how much longer than usual workers wait for each other
   * @param quorum with which a round ends that is not the last one
   */
  TrainStageRdd(
      AveragingJob job,
      SliceRdd first,
      List<RoundWork> rounds,
      Placement placement,
      Rendezvous rendezvous,
      Duration allowance,
      Optional<StageRules.Quorum> quorum) {
    super(first.sparkContext(), Tuple2.class);
    this.first = first;
    this.rounds = List.copyOf(rounds);
    this.hasQuorum = quorum.isPresent();
    this.frozen = job.frozen();
    this.average = job.average();
    this.hadoop = job.hadoop();
    this.placement = placement;
    this.reports = first.sparkContext().collectionAccumulator();
    this.rendezvousName = rendezvous.name();
    this.rendezvous = rendezvous;
    if (hasExchange()) {
      this.lastStart = SliceRdd.stored(first);
      rendezvous.open(
          id(),
          new StageRules(
              workers(),
              rounds.size(),
              !owners().isEveryWorker(),
              average.overlaps(),
              job.patience(),
              allowance,
              quorum));
    } else {
      this.lastStart = first;
    }
  }

  /** Who averages which slices. With a quorum each slice has one owner, also the only one. */
  private SliceOwners owners() {
    SliceOwners all = new SliceOwners(average.slices().count(), workers());
    return hasQuorum ? SliceOwners.ofMembers(all.slices(), all.members()) : all;
  }

  /** Whether workers exchange slices while the stage runs. */
  private boolean hasExchange() {
    return rounds.size() > 1;
  }

  SliceAverage average() {
    return average;
  }

  int workers() {
    return rounds.get(0).workers();
  }

  Broadcast<SerializableConfiguration> hadoop() {
    return hadoop;
  }

  @Override
  protected int partitionCount() {
    return workers();
  }

  @Override
  protected List<Dependency<?>> parents() {
    return Stream.<Dependency<?>>concat(
            Stream.of(first, lastStart).distinct().map(AllPartitionsDependency::new),
            rounds.stream().flatMap(work -> work.reads().stream()))
        .toList();
  }

  /** Without a preference, Spark sends all workers to the executor that holds slice 0. */
  @Override
  protected List<String> preferredExecutors(int worker) {
    return placement.of(worker, workers());
  }

  @Override
  protected Iterator<Tuple2<Integer, WorkerSlice>> compute(int worker, TaskContext context) {
    Worker me = new Worker(this, worker, context);
    return new Scatter(hasExchange() ? trainAll(exchange(me)) : trainOnly(me));
  }

  private static RoundExecution trainOnly(Worker worker) {
    RoundExecution round = worker.beginFirst();
    round.train();
    return round;
  }

  private RoundExecution trainAll(RoundExchange exchange) {
    RoundExecution round = exchange.first();
    round.train();
    while (round.round() < rounds.size() - 1) {
      round = exchange.next(round);
    }
    return round;
  }

  private RoundExchange exchange(Worker worker) {
    return average.overlaps() ? new BackgroundExchange(worker) : new SynchronousExchange(worker);
  }

  /** How much of the moving average a round keeps. */
  private double kept(int round) {
    RoundWork work = rounds.get(round);
    return average.ema().kept(work.globalStep(), work.stepCount());
  }

  /** How much of the moving average the last round keeps. */
  double lastKept() {
    return kept(rounds.size() - 1);
  }

  /** A worker of a stage, inside its task. */
  record Worker(TrainStageRdd stage, int number, TaskContext context) {
    SliceAverage average() {
      return stage.average;
    }

    /** Whether rounds may end without some of the workers. */
    boolean hasQuorum() {
      return stage.hasQuorum;
    }

    /** The exchange of this worker with the others. */
    SliceExchange exchange() {
      StageBlocks blocks =
          new StageBlocks(
              stage.id(),
              stage.rounds.size(),
              stage.workers(),
              stage.first,
              stage.lastStart,
              context);
      return new SliceExchange(this, blocks, new DriverQuestions(stage.rendezvousName, context));
    }

    SliceOwners owners() {
      return stage.owners();
    }

    /** The slices in the order in which the worker reads them. */
    List<Integer> order() {
      return owners().order(number);
    }

    /** How much of the moving average a round keeps. */
    double kept(int round) {
      return stage.kept(round);
    }

    /** Begins a round; the caller loads the parameters. */
    RoundExecution begin(int round) {
      RoundWork.Part part = stage.rounds.get(round).begin(number, hadoop(), context);
      part.loadFrozen(
          network -> stage.frozen.loadFrozen(network, stage.average.slices(), hadoop()));
      return new RoundExecution(stage.average, round, number, part);
    }

    private Configuration hadoop() {
      return stage.hadoop.value().value();
    }

    /** The last round, for a worker that has nothing to do in it. */
    RoundExecution absentAtTheEnd() {
      int last = stage.rounds.size() - 1;
      return new RoundExecution(stage.average, last, number, PartialWork.NOTHING);
    }

    /**
     * Begins the stage's first round with the slices before the stage. Workers begin with different
     * slices: those on different executors then ask different holders, and those on one executor
     * find what the others fetched.
     */
    RoundExecution beginFirst() {
      RoundExecution round = begin(0);
      long start = System.nanoTime();
      long fetched = stage.first.gather(order(), context, round::load);
      round.loaded((System.nanoTime() - start) / 1e9, fetched, List.of());
      return round;
    }

    /**
     * Trains the round after another one from the worker's own values.
     *
     * @param correction is called after the steps with which rounds overlap
     */
    RoundExecution trainOn(RoundExecution done, Consumer<RoundExecution> correction) {
      RoundExecution round = done.next(stage.rounds.get(done.round() + 1));
      round.train(stage.average.overlapSteps(), correction);
      return round;
    }
  }

  /**
   * Reads the pieces of a worker from its network, one after the other, and reports after the last
   * one. A piece is valid until the next one is read, because they share an array: the shuffle
   * writes a record before it asks for the next, see {@link WorkerSliceFormat}.
   */
  private final class Scatter implements Iterator<Tuple2<Integer, WorkerSlice>> {
    private final RoundExecution round;
    private final long start = System.nanoTime();
    private byte[] shared = {};
    private int next;
    private boolean ended;

    Scatter(RoundExecution round) {
      this.round = round;
    }

    @Override
    public boolean hasNext() {
      if (next < average.slices().count()) {
        return true;
      }
      if (!ended) {
        ended = true;
        reports.add(round.end((System.nanoTime() - start) / 1e9));
      }
      return false;
    }

    @Override
    public Tuple2<Integer, WorkerSlice> next() {
      if (next == average.slices().count()) {
        throw new NoSuchElementException();
      }
      int slice = next++;
      int bytes = average.slices().pieceBytes(slice);
      if (shared.length != bytes) {
        shared = new byte[bytes];
      }
      return new Tuple2<>(
          slice,
          round.piece(
              slice, shared, () -> FetchedBlock.of(lastStart.content(slice, TaskContext.get()))));
    }
  }

  /** The slices with which the last round begins. */
  SliceRdd lastStart() {
    return lastStart;
  }

  /** The reports of tasks so far, by round. */
  Map<Integer, List<TaskReport>> reports() {
    return Stream.concat(rendezvous.reports(id()).stream(), reports.value().stream())
        .collect(Collectors.groupingBy(TaskReport::round));
  }

  /** The workers that do not take part in a round, as far as that is known. */
  List<Integer> absent(int round) {
    return rounds.get(round) instanceof PartialWork partial
        ? partial.absent()
        : rendezvous.absent(id(), round);
  }

  /**
   * When a round ended after which the workers exchanged pieces.
   *
   * @return as of {@link System#nanoTime} on the driver; 0 if it has not
   */
  long completed(int round) {
    return rendezvous.completed(id(), round);
  }

  /** Notes that all tasks have ended, before {@link #deleteExchanged}. */
  void endExchange() {
    if (hasExchange()) {
      rendezvous.end(id());
    }
  }

  /**
   * Deletes the pieces that workers have exchanged, and the slices with which rounds began, but for
   * those of the last round, and waits for it. When all tasks have ended, nothing needs them.
   */
  void deleteExchanged() {
    if (hasExchange()) {
      Blocks.deleteEverywhere(id());
    }
  }

  /** Deletes what is left of a multi-round stage when none of its tasks will run again. */
  void delete() {
    if (hasExchange()) {
      rendezvous.close(id());
      deleteExchanged();
      lastStart.unpersist(true);
    }
  }
}
