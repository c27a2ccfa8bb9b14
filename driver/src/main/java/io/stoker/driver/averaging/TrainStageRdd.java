// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.AllPartitionsDependency;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.FetchWindow;
import io.stoker.driver.spark.IndexedRdd;
import io.stoker.driver.spark.Placement;
import io.stoker.models.engine.Network;
import io.stoker.worker.runtime.RoundWork;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

  /** For how long a round may take whose time is not known yet, since it is the job's first one. */
  private static final Duration LONG_ROUND = Duration.ofMinutes(5);

  private final ParameterSlices slices;
  private final List<RoundWork> rounds;
  private final SliceSource frozen;
  private final SliceAverage average;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final CollectionAccumulator<TaskReport> reports;

  /** The name of the endpoint on which workers wait for each other; empty for a single round. */
  private final String rendezvousName;

  /** The rendezvous itself, on the driver. */
  private final transient Optional<RendezvousEndpoint> rendezvous;

  /** Transient, since the driver alone chooses the executor of a task. */
  private final transient Placement placement;

  private final transient SliceRdd lastStart;
  private final transient List<Dependency<?>> parents;

  /**
   * @param parameters the slices before the first round
   * @param rounds the work of each round
   * @param known the slices after each round but the last one, where rounds that overlap were
   *     trained in a stage each; the workers then train them again for their own values
   * @param frozen the values of parameters that are in no slice, for replicas that lack them
   * @param average how pieces are averaged
   * @param placement the executors of the workers, which find open readers and cached data there
   * @param rendezvous where workers wait for each other, if there are several rounds
   * @param roundTime how long a round takes, if there are several
   */
  TrainStageRdd(
      SliceRdd parameters,
      List<RoundWork> rounds,
      List<SliceRdd> known,
      SliceSource frozen,
      SliceAverage average,
      Placement placement,
      Optional<RendezvousEndpoint> rendezvous,
      Duration roundTime) {
    super(parameters.sparkContext(), Tuple2.class);
    this.lastStart =
        rendezvous.isPresent()
            ? SliceRdd.stored(parameters)
            : known.isEmpty() ? parameters : known.get(known.size() - 1);
    this.parents =
        Stream.<Dependency<?>>concat(
                Stream.concat(Stream.of(parameters, lastStart), known.stream())
                    .map(AllPartitionsDependency::new),
                rounds.stream().flatMap(work -> work.reads().stream()))
            .toList();
    this.slices = parameters.slices();
    this.rounds = List.copyOf(rounds);
    this.frozen = frozen;
    this.average = average;
    this.hadoop = parameters.hadoop();
    this.placement = placement;
    this.reports = parameters.sparkContext().collectionAccumulator();
    this.rendezvous = rendezvous;
    this.rendezvousName = rendezvous.map(RendezvousEndpoint::name).orElse("");
    rendezvous.map(RendezvousEndpoint::rendezvous).ifPresent(meeting -> open(meeting, roundTime));
  }

  private void open(Rendezvous meeting, Duration roundTime) {
    if (average.overlaps()) {
      meeting.openOnce(id(), rounds.size(), roundTime.isZero() ? LONG_ROUND : roundTime);
    } else {
      meeting.open(id(), rounds.size(), roundTime);
    }
  }

  ParameterSlices slices() {
    return slices;
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
    return parents;
  }

  /**
   * Without a preference of its own, Spark sends all workers to the executor that holds slice 0.
   */
  @Override
  protected List<String> preferredExecutors(int worker) {
    return placement.of(worker, workers());
  }

  @Override
  protected Iterator<Tuple2<Integer, WorkerSlice>> compute(int worker, TaskContext context) {
    return new Scatter(trained(worker, context));
  }

  private RoundExecution trained(int worker, TaskContext context) {
    if (rounds.size() == 1) {
      return trainOne(worker, context);
    }
    return average.overlaps() ? trainOverlapping(worker, context) : trainAll(worker, context);
  }

  private RoundExecution trainOne(int worker, TaskContext context) {
    RoundExecution round = begin(0, worker, context);
    gather(round, context);
    round.train();
    return round;
  }

  /** Trains all rounds of the stage, and exchanges pieces after each but the last. */
  private RoundExecution trainAll(int worker, TaskContext context) {
    StageBlocks blocks = blocks(context);
    SliceExchange exchange = exchange(blocks, worker, context);
    RoundExecution round = begin(exchange.firstRound(), worker, context);
    if (round.round() == 0) {
      gather(round, context);
    } else {
      exchange.load(round);
    }
    round.train();
    while (!blocks.isLast(round.round())) {
      round = nextRound(round, exchange, context);
      round.train();
    }
    return round;
  }

  private RoundExecution nextRound(
      RoundExecution done, SliceExchange exchange, TaskContext context) {
    long start = System.nanoTime();
    exchange.publish(done);
    exchange.awaitPieces(done.end((System.nanoTime() - start) / 1e9));
    RoundExecution next = begin(done.round() + 1, done.worker(), context);
    exchange.begin(next);
    return next;
  }

  private StageBlocks blocks(TaskContext context) {
    return new StageBlocks(
        id(), rounds.size(), workers(), parameters(), (SliceRdd) parentRdd(1), context);
  }

  private SliceExchange exchange(StageBlocks blocks, int worker, TaskContext context) {
    return new SliceExchange(rendezvousName, id(), blocks, average, workers(), worker, context);
  }

  /**
   * Trains all rounds of the stage. Each but the first begins with the worker's own values, and
   * takes the result of the round before some steps later.
   */
  private RoundExecution trainOverlapping(int worker, TaskContext context) {
    RoundExecution round = begin(0, worker, context);
    gather(round, context);
    RoundResults results = results(worker, context);
    round.train();
    while (round.round() < rounds.size() - 1) {
      results.take(round);
      round = round.next(rounds.get(round.round() + 1));
      round.train(average.overlapSteps(), results::correct);
    }
    return round;
  }

  private RoundResults results(int worker, TaskContext context) {
    if (rendezvousName.isEmpty()) {
      List<SliceRdd> known =
          IntStream.range(2, rounds.size() + 1).mapToObj(at -> (SliceRdd) parentRdd(at)).toList();
      List<Integer> order = new SliceOwners(slices.count(), workers()).order(worker);
      return new KnownResults(average, known, order, context);
    }
    SliceExchange exchange = exchange(blocks(context), worker, context);
    exchange.beginOnce();
    return new BackgroundExchange(exchange, average, worker, context);
  }

  private RoundExecution begin(int round, int worker, TaskContext context) {
    RoundWork.Part part = rounds.get(round).begin(worker, hadoop.value().value(), context);
    part.loadFrozen(this::loadFrozen);
    return new RoundExecution(slices, round, worker, part);
  }

  private void loadFrozen(Network network) {
    if (slices.first() == 0) {
      return;
    }
    ParameterSlices prefix = slices.prefix();
    for (int slice = 0; slice < prefix.count(); slice++) {
      byte[] content = frozen.read(prefix, slice, hadoop.value().value());
      network.writeParameters(prefix.offset(slice), LittleEndian.floats(content));
    }
  }

  /**
   * Loads the slices before the stage into the network. Workers begin with different slices: those
   * on different executors then ask different holders, and those on one executor find what the
   * others fetched.
   */
  private void gather(RoundExecution round, TaskContext context) {
    long start = System.nanoTime();
    List<Integer> order = new SliceOwners(slices.count(), workers()).order(round.worker());
    try (FetchWindow window = parameters().fetch(order)) {
      for (int slice : order) {
        round.load(slice, LittleEndian.bytes(parameters().gathered(slice, window, context)));
      }
      round.resetUpdaterStateUnlessCarried();
      round.loaded((System.nanoTime() - start) / 1e9, window.takenBytes(), List.of());
    }
  }

  private SliceRdd parameters() {
    return (SliceRdd) parentRdd(0);
  }

  /**
   * Reads the pieces of a worker from its network, one after the other, and reports after the last
   * one. A piece is valid until the next one is read, since they share an array: the shuffle writes
   * a record before it asks for the next, see {@link WorkerSliceFormat}.
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
      if (next < slices.count()) {
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
      if (next == slices.count()) {
        throw new NoSuchElementException();
      }
      int slice = next++;
      if (shared.length != slices.pieceBytes(slice)) {
        shared = new byte[slices.pieceBytes(slice)];
      }
      byte[] before =
          average.wire() == Wire.FP32
              ? new byte[0]
              : ((SliceRdd) parentRdd(1)).content(slice, TaskContext.get());
      ByteBuffer content =
          average.encoded(slice, round.content(slice, shared), LittleEndian.bytes(before));
      return new Tuple2<>(slice, round.piece(slice, content));
    }
  }

  /** The slices with which the last round begins. */
  SliceRdd lastStart() {
    return lastStart;
  }

  /** The reports of tasks so far, by round. */
  Map<Integer, List<TaskReport>> reports() {
    return Stream.concat(
            rendezvous.stream().flatMap(meeting -> meeting.rendezvous().reports(id()).stream()),
            reports.value().stream())
        .collect(Collectors.groupingBy(TaskReport::round));
  }

  /**
   * When a round ended after which the workers exchanged pieces.
   *
   * @return as of {@link System#nanoTime} on the driver; 0 if it has not
   */
  long completed(int round) {
    return rendezvous.orElseThrow().rendezvous().completed(id(), round);
  }

  /**
   * Deletes the pieces that workers have exchanged, and the slices with which rounds began, but for
   * those of the last round, and waits for it. When all tasks have ended, nothing needs them.
   */
  void deleteExchanged() {
    if (rendezvous.isPresent()) {
      rendezvous.get().rendezvous().over(id());
      Blocks.deleteEverywhere(id());
    }
  }

  /** Deletes what is left of a multi-round stage when none of its tasks will run again. */
  void delete() {
    rendezvous.ifPresent(
        meeting -> {
          meeting.rendezvous().close(id());
          deleteExchanged();
          lastStart.unpersist(true);
        });
  }
}
