// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.spark.AllPartitionsDependency;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.IndexedRdd;
import io.stoker.driver.spark.Placement;
import io.stoker.models.engine.Network;
import io.stoker.worker.runtime.RoundWork;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
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
 * pieces through their executors' blocks (see {@link SliceExchange}), and each worker averages the
 * pieces of all: the same computation as in an average stage, without the cost of a Spark stage.
 */
final class TrainStageRdd extends IndexedRdd<Tuple2<Integer, WorkerSlice>> {
  private static final long serialVersionUID = 1L;

  /** The number of the slice where a model has one slice. Only these have multi-round stages. */
  private static final int ONLY = 0;

  private static final byte[] NOT_NEEDED = {};

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

  private final transient List<Dependency<?>> parents;

  /**
   * @param parameters the slices before the first round
   * @param rounds the work of each round
   * @param frozen the values of parameters that are in no slice, for replicas that lack them
   * @param average how pieces are averaged
   * @param placement the executors of the workers, which find open readers and cached data there
   * @param rendezvous where workers wait for each other, if there are several rounds
   */
  TrainStageRdd(
      SliceRdd parameters,
      List<RoundWork> rounds,
      SliceSource frozen,
      SliceAverage average,
      Placement placement,
      Optional<RendezvousEndpoint> rendezvous) {
    super(parameters.sparkContext(), Tuple2.class);
    this.parents =
        Stream.<Dependency<?>>concat(
                Stream.of(new AllPartitionsDependency<>(parameters)),
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
    rendezvous.ifPresent(meeting -> meeting.rendezvous().open(id(), rounds.size()));
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
    RoundExecution round = firstRound(worker, context);
    round.train();
    if (rounds.size() > 1) {
      SliceExchange exchange = new SliceExchange(rendezvousName, id(), workers(), worker, context);
      while (round.round() < rounds.size() - 1) {
        round = nextRound(round, exchange, context);
        round.train();
      }
    }
    return new Scatter(round, context);
  }

  private RoundExecution firstRound(int worker, TaskContext context) {
    long start = System.nanoTime();
    RoundExecution round = begin(0, worker, context);
    long fetched = gather(round, context);
    double seconds = (System.nanoTime() - start) / 1e9 - secondsOfAveraging();
    round.loaded(seconds, fetched, List.of());
    return round;
  }

  /** Averages the pieces of a round of all workers, and begins the next round with the mean. */
  private RoundExecution nextRound(
      RoundExecution done, SliceExchange exchange, TaskContext context) {
    long start = System.nanoTime();
    byte[] content = done.content(ONLY, new byte[slices.pieceBytes(ONLY)]);
    WorkerSlice own = exchange.publish(done.round(), done.piece(ONLY, content));
    reports.add(done.end((System.nanoTime() - start) / 1e9));

    SliceExchange.Collected collected = exchange.collect(done.round(), own);
    long arrived = System.nanoTime();
    WeightedMean.Averaged mean = average.of(ONLY, collected.pieces(), NOT_NEEDED);
    long averaged = System.nanoTime();
    RoundExecution next = begin(done.round() + 1, done.worker(), context);
    next.load(ONLY, mean.content());
    next.resetUpdaterStateUnlessCarried();
    next.loaded(
        collected.fetchSeconds() + (System.nanoTime() - averaged) / 1e9,
        0, // The bytes of pieces are in the report of the average.
        List.of(
            new SliceReport(
                ONLY,
                (averaged - arrived) / 1e9,
                SliceAverage.bytesFromOtherExecutors(collected.pieces()),
                mean.driftSquared(),
                mean.normSquared())));
    return next;
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
   * Loads all slices into the network. Workers begin with different slices: those on different
   * executors then ask different holders, and those on one executor find what the others fetched.
   *
   * @return the bytes that came from other executors
   */
  private long gather(RoundExecution round, TaskContext context) {
    int first = (int) ((long) round.worker() * slices.count() / workers());
    List<Integer> order =
        IntStream.range(first, first + slices.count()).mapToObj(i -> i % slices.count()).toList();
    try (SlicePrefetcher prefetcher = new SlicePrefetcher(parameters(), order)) {
      for (int slice : order) {
        round.load(slice, parameters().gathered(slice, prefetcher, context));
      }
      round.resetUpdaterStateUnlessCarried();
      return prefetcher.takenBytes();
    }
  }

  /** How long this task has averaged slices before it could load them. */
  private double secondsOfAveraging() {
    return parameters().reports().stream().mapToDouble(SliceReport::seconds).sum();
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
    private final TaskContext context;
    private final long start = System.nanoTime();
    private byte[] shared = {};
    private int next;
    private boolean ended;

    Scatter(RoundExecution round, TaskContext context) {
      this.round = round;
      this.context = context;
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
      return new Tuple2<>(slice, round.piece(slice, encoded(slice, round.content(slice, shared))));
    }

    private byte[] encoded(int slice, byte[] content) {
      Optional<DeltaCodec> codec = DeltaCodec.of(average.wire());
      if (codec.isEmpty() || content.length == 0) {
        return content;
      }
      byte[] before = parameters().content(slice, context);
      return Deltas.encode(codec.get(), slices.length(slice), slices.vectors(), before, content);
    }
  }

  /** The reports of a round's workers, in their order; one of a worker whose task ran twice. */
  List<WorkerReport> reports(int round) {
    return taskReports(round).stream().map(TaskReport::worker).toList();
  }

  /** Reports of the averages that the workers computed themselves before a round. */
  List<SliceReport> averages(int round) {
    return taskReports(round).stream().flatMap(each -> each.averages().stream()).toList();
  }

  private List<TaskReport> taskReports(int round) {
    SortedMap<Integer, TaskReport> byWorker = new TreeMap<>();
    for (TaskReport each : reports.value()) {
      if (each.round() == round) {
        byWorker.put(each.worker().worker(), each);
      }
    }
    return List.copyOf(byWorker.values());
  }

  /**
   * When a round ended after which the workers exchanged pieces.
   *
   * @return as of {@link System#nanoTime} on the driver
   */
  long completed(int round) {
    return rendezvous.orElseThrow().rendezvous().completed(id(), round);
  }

  /** Deletes the pieces that workers have exchanged in this stage, and waits for it. */
  void deleteExchangedPieces() {
    rendezvous.ifPresent(
        meeting -> {
          meeting.rendezvous().close(id());
          Blocks.deleteEverywhere(id());
        });
  }
}
