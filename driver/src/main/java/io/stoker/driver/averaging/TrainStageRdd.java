package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.spark.IndexedPartition;
import io.stoker.driver.spark.Placement;
import io.stoker.driver.spark.Scala;
import io.stoker.models.engine.Network;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.LocalResult;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.Partition;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;
import scala.collection.Seq;

/**
 * The train stage, one worker a partition: gathers the slices into a resident replica, takes the
 * worker's local steps, and yields what came of it, cut into pieces.
 *
 * <p>It may be several rounds. Between two of them the workers exchange their pieces by themselves,
 * and each averages them: what a round's stage would do, without Spark.
 */
final class TrainStageRdd extends RDD<Tuple2<Integer, WorkerSlice>> {
  private static final long serialVersionUID = 1L;

  /** The slice of a model whose workers exchange pieces. */
  private static final int ONLY = 0;

  private static final byte[] NOTHING = {};

  private final ParameterSlices slices;
  private final List<RoundWork> rounds;
  private final SliceSource frozen;
  private final SliceAverage average;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final CollectionAccumulator<TaskReport> reports;

  /** Where workers meet; empty for a single round. */
  private final String rendezvous;

  /** The same, on the driver. */
  private final transient Optional<Rendezvous> meeting;

  /** Not for tasks: where they go is the scheduler's business. */
  private final transient Placement placement;

  /**
   * What a worker tells about a round.
   *
   * @param round the round, from 0 within the stage
   * @param worker its own part
   * @param began the average that it began the round with, if it has made that itself
   */
  private record TaskReport(int round, WorkerReport worker, List<SliceReport> began)
      implements Serializable {}

  /**
   * @param parameters the slices before the first round
   * @param rounds what the workers do in each
   * @param frozen where a new replica has the parameters from that are in no slice
   * @param average what becomes of the workers' pieces
   * @param placement of the workers, which find their data where they had some before
   * @param meeting where workers meet, if there are several rounds
   */
  TrainStageRdd(
      SliceRdd parameters,
      List<RoundWork> rounds,
      SliceSource frozen,
      SliceAverage average,
      Placement placement,
      Optional<Rendezvous> meeting) {
    super(
        parameters.sparkContext(),
        Scala.list(
            Stream.concat(
                    Stream.of(new AllSlicesDependency(parameters)),
                    rounds.stream().flatMap(work -> work.reads().stream()))
                .toList()),
        Scala.tag(Tuple2.class));
    this.slices = parameters.slices();
    this.rounds = List.copyOf(rounds);
    this.frozen = frozen;
    this.average = average;
    this.hadoop = parameters.hadoop();
    this.placement = placement;
    this.reports = parameters.sparkContext().collectionAccumulator();
    this.meeting = meeting;
    this.rendezvous = meeting.map(Rendezvous::name).orElse("");
    meeting.ifPresent(place -> place.open(id(), rounds.size()));
  }

  /**
   * What the workers have told about a round, in their order; of a worker that did its work twice,
   * once.
   */
  List<WorkerReport> reports(int round) {
    return told(round).stream().map(TaskReport::worker).toList();
  }

  /** On the averages that the workers have made by themselves before a round. */
  List<SliceReport> averages(int round) {
    return told(round).stream().flatMap(each -> each.began().stream()).toList();
  }

  private List<TaskReport> told(int round) {
    SortedMap<Integer, TaskReport> byWorker = new TreeMap<>();
    for (TaskReport each : reports.value()) {
      if (each.round() == round) {
        byWorker.put(each.worker().worker(), each);
      }
    }
    return List.copyOf(byWorker.values());
  }

  /**
   * When a round was over whose pieces workers have exchanged.
   *
   * @return as of {@link System#nanoTime} on the driver
   */
  long completed(int round) {
    return meeting.orElseThrow().completed(id(), round);
  }

  /** Deletes the pieces that workers have exchanged; waits for it. */
  void forgetExchanged() {
    meeting.ifPresent(
        place -> {
          place.forget(id());
          SparkEnv.get().blockManager().master().removeRdd(id(), true);
        });
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
  public Partition[] getPartitions() {
    return IndexedPartition.upTo(workers());
  }

  /** Without this, Spark would send all workers to the executor that holds slice 0. */
  @Override
  public Seq<String> getPreferredLocations(Partition split) {
    return placement.of(split.index(), workers());
  }

  @Override
  public scala.collection.Iterator<Tuple2<Integer, WorkerSlice>> compute(
      Partition split, TaskContext context) {
    int worker = split.index();
    long start = System.nanoTime();
    RoundExecution turn = begin(0, worker, context);
    long fetched = gather(turn.network(), firstSlice(worker), context);
    turn.began((System.nanoTime() - start) / 1e9 - averagingSeconds(), fetched, List.of());
    turn.train();
    if (rounds.size() > 1) {
      SliceExchange peers = new SliceExchange(rendezvous, id(), workers(), worker, context);
      for (int round = 1; round < rounds.size(); round++) {
        turn = exchanged(turn, peers, context);
        turn.train();
      }
    }
    return Scala.iterator(new Scatter(turn, context));
  }

  private RoundExecution begin(int round, int worker, TaskContext context) {
    RoundWork.Part part = rounds.get(round).begin(worker, hadoop.value().value(), context);
    if (part.isFirstOfReplica()) {
      loadFrozen(part.network());
    }
    return new RoundExecution(round, worker, part);
  }

  /** The next round, begun with the mean of the pieces of this one. */
  private RoundExecution exchanged(RoundExecution done, SliceExchange peers, TaskContext context) {
    long start = System.nanoTime();
    WorkerSlice own =
        peers.give(
            done.round, done.piece(ONLY, done.content(ONLY, new byte[slices.pieceBytes(ONLY)])));
    done.end((System.nanoTime() - start) / 1e9);

    SliceExchange.Taken taken = peers.take(done.round, own);
    long arrived = System.nanoTime();
    WeightedMean.Averaged mean = average.of(ONLY, taken.pieces(), NOTHING);
    long averaged = System.nanoTime();
    RoundExecution next = begin(done.round + 1, done.worker, context);
    load(next.network(), ONLY, mean.content());
    if (!slices.carryUpdaterState()) {
      next.network().resetUpdaterState();
    }
    next.began(
        taken.seconds() + (System.nanoTime() - averaged) / 1e9,
        0, // No slice has travelled, but pieces have.
        List.of(
            new SliceReport(
                ONLY,
                (averaged - arrived) / 1e9,
                SliceAverage.moved(taken.pieces()),
                mean.driftSquared(),
                mean.normSquared())));
    return next;
  }

  /** Once a replica: no round changes them. */
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
   * Sets the network to the slices.
   *
   * @param first which one to begin with: workers that begin with different ones ask different
   *     executors, and those in one executor find what the others have fetched
   * @return the bytes that came from other executors
   */
  private long gather(Network network, int first, TaskContext context) {
    SliceRdd parent = (SliceRdd) dependencies().head().rdd();
    List<Integer> order =
        IntStream.range(first, first + slices.count()).mapToObj(i -> i % slices.count()).toList();
    try (SlicePrefetcher ahead = new SlicePrefetcher(parent, order)) {
      for (int slice : order) {
        load(network, slice, parent.gathered(slice, ahead, context));
      }
      if (!slices.carryUpdaterState()) {
        network.resetUpdaterState();
      }
      return ahead.takenBytes();
    }
  }

  private void load(Network network, int slice, byte[] content) {
    FloatBuffer values = LittleEndian.floats(content);
    int length = slices.length(slice);
    network.writeParameters(slices.offset(slice), values.slice(0, length));
    if (slices.carryUpdaterState()) {
      network.writeUpdaterState(slices.offset(slice), values.slice(length, length));
    }
  }

  /** How long this task has averaged slices before it could read them. */
  private double averagingSeconds() {
    return ((SliceRdd) dependencies().head().rdd())
        .reports().stream().mapToDouble(SliceReport::seconds).sum();
  }

  private int firstSlice(int worker) {
    return (int) ((long) worker * slices.count() / workers());
  }

  /** A worker's part of a round. */
  private final class RoundExecution {
    private final int round;
    private final int worker;
    private final RoundWork.Part part;
    private double gatherSeconds;
    private long fetchedBytes;
    private List<SliceReport> began = List.of();
    private LocalResult result;

    RoundExecution(int round, int worker, RoundWork.Part part) {
      this.round = round;
      this.worker = worker;
      this.part = part;
    }

    Network network() {
      return part.network();
    }

    /** Notes how it came to the parameters that it begins with. */
    void began(double seconds, long fetched, List<SliceReport> averages) {
      gatherSeconds = seconds;
      fetchedBytes = fetched;
      began = averages;
    }

    void train() {
      result = part.train();
    }

    WorkerSlice piece(int slice, byte[] content) {
      return WorkerSlice.of(slice, worker, SparkEnv.get().executorId(), result.examples(), content);
    }

    /**
     * The worker's values of a slice. A worker that saw nothing has no weight, and sends nothing.
     *
     * @param content is written to
     */
    byte[] content(int slice, byte[] content) {
      if (result.examples() == 0) {
        return NOTHING;
      }
      FloatBuffer values = LittleEndian.floats(content);
      int length = slices.length(slice);
      network().readParameters(slices.offset(slice), values.slice(0, length));
      if (slices.carryUpdaterState()) {
        network().readUpdaterState(slices.offset(slice), values.slice(length, length));
      }
      return content;
    }

    /** Reports, and lets the next round have the network. */
    void end(double scatterSeconds) {
      reports.add(
          new TaskReport(
              round,
              new WorkerReport(
                  worker,
                  result.examples(),
                  result.lossSum(),
                  result.correct(),
                  gatherSeconds,
                  result.waitSeconds(),
                  result.computeSeconds(),
                  scatterSeconds,
                  fetchedBytes),
              began));
      part.close();
    }
  }

  /**
   * Reads one piece after the other out of the network, and reports after the last one. A piece is
   * valid until the next one: whoever writes shuffle files serializes at once, see {@link
   * WorkerSliceSerializer}.
   */
  private final class Scatter implements Iterator<Tuple2<Integer, WorkerSlice>> {
    private final RoundExecution turn;
    private final TaskContext context;
    private final long start = System.nanoTime();
    private byte[] reused = {};
    private int next;
    private boolean ended;

    Scatter(RoundExecution turn, TaskContext context) {
      this.turn = turn;
      this.context = context;
    }

    @Override
    public boolean hasNext() {
      if (next < slices.count()) {
        return true;
      }
      if (!ended) {
        ended = true;
        turn.end((System.nanoTime() - start) / 1e9);
      }
      return false;
    }

    @Override
    public Tuple2<Integer, WorkerSlice> next() {
      if (next == slices.count()) {
        throw new NoSuchElementException();
      }
      int slice = next++;
      if (reused.length != slices.pieceBytes(slice)) {
        reused = new byte[slices.pieceBytes(slice)];
      }
      return new Tuple2<>(slice, turn.piece(slice, encoded(slice, turn.content(slice, reused))));
    }

    private byte[] encoded(int slice, byte[] content) {
      Optional<DeltaCodec> codec = DeltaCodec.of(average.wire());
      if (codec.isEmpty() || content.length == 0) {
        return content;
      }
      byte[] before = ((SliceRdd) dependencies().head().rdd()).content(slice, context);
      return Deltas.encode(codec.get(), slices.length(slice), slices.vectors(), before, content);
    }
  }
}
