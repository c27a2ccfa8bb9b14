package io.stoker.driver.averaging;

import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.IndexedPartition;
import io.stoker.driver.spark.Scala;
import io.stoker.models.engine.Network;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.LocalResult;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
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
 */
final class PieceRdd extends RDD<Tuple2<Integer, Piece>> {
  private static final long serialVersionUID = 1L;

  private final ParameterSlices slices;
  private final RoundWork work;
  private final SliceSource frozen;
  private final Wire wire;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final CollectionAccumulator<WorkerReport> reports;

  /** Not for tasks: where they go is the scheduler's business. */
  private final transient List<String> hosts;

  /**
   * @param parameters the slices before the round
   * @param work what the workers do
   * @param frozen where a new replica has the parameters from that are in no slice
   * @param wire how what the workers have changed travels
   * @param hosts that of each executor, in an order that stays: a worker that is on the same host
   *     in each round finds its data there
   */
  PieceRdd(SliceRdd parameters, RoundWork work, SliceSource frozen, Wire wire, List<String> hosts) {
    super(
        parameters.sparkContext(),
        Scala.list(
            Stream.concat(Stream.of(new AllSlices(parameters)), work.reads().stream()).toList()),
        Scala.tag(Tuple2.class));
    this.slices = parameters.slices();
    this.work = work;
    this.frozen = frozen;
    this.wire = wire;
    this.hadoop = parameters.hadoop();
    this.hosts = List.copyOf(hosts);
    this.reports = parameters.sparkContext().collectionAccumulator();
  }

  /** What the workers have told, in their order; of a worker that did its work twice, once. */
  List<WorkerReport> reports() {
    SortedMap<Integer, WorkerReport> byWorker = new TreeMap<>();
    reports.value().forEach(each -> byWorker.put(each.worker(), each));
    return List.copyOf(byWorker.values());
  }

  ParameterSlices slices() {
    return slices;
  }

  Wire wire() {
    return wire;
  }

  int workers() {
    return work.workers();
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
    return Scala.list(
        hosts.isEmpty()
            ? List.of()
            : List.of(hosts.get((int) ((long) split.index() * hosts.size() / workers()))));
  }

  @Override
  public scala.collection.Iterator<Tuple2<Integer, Piece>> compute(
      Partition split, TaskContext context) {
    int worker = split.index();
    long start = System.nanoTime();
    RoundWork.Part part = work.begin(worker, hadoop.value().value(), context);
    if (part.isFirstOfReplica()) {
      loadFrozen(part.network());
    }
    long fetched = gather(part.network(), firstSlice(worker), context);
    double gatherSeconds = (System.nanoTime() - start) / 1e9 - averagingSeconds();
    LocalResult result = part.train();
    return Scala.iterator(
        new Scatter(context, part.network(), worker, gatherSeconds, fetched, result));
  }

  /** Once a replica: no round changes them. */
  private void loadFrozen(Network network) {
    if (slices.first() == 0) {
      return;
    }
    ParameterSlices prefix = slices.prefix();
    for (int slice = 0; slice < prefix.count(); slice++) {
      byte[] content = frozen.read(prefix, slice, hadoop.value().value());
      network.writeParameters(prefix.offset(slice), littleEndian(content));
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
    try (FetchAhead ahead = new FetchAhead(parent, order)) {
      for (int slice : order) {
        FloatBuffer values = littleEndian(parent.gathered(slice, ahead, context));
        int length = slices.length(slice);
        network.writeParameters(slices.offset(slice), values.slice(0, length));
        if (slices.carryUpdaterState()) {
          network.writeUpdaterState(slices.offset(slice), values.slice(length, length));
        }
      }
      if (!slices.carryUpdaterState()) {
        network.resetUpdaterState();
      }
      return ahead.takenBytes();
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

  private static FloatBuffer littleEndian(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  /**
   * Reads one piece after the other out of the network, and reports after the last one. A piece is
   * valid until the next one: whoever writes shuffle files serializes at once, see {@link
   * PieceSerializer}.
   */
  private final class Scatter implements Iterator<Tuple2<Integer, Piece>> {
    private final TaskContext context;
    private final Network network;
    private final int worker;
    private final double gatherSeconds;
    private final long fetchedBytes;
    private final LocalResult result;
    private final long start = System.nanoTime();
    private byte[] reused = {};
    private int next;
    private boolean reported;

    Scatter(
        TaskContext context,
        Network network,
        int worker,
        double gatherSeconds,
        long fetchedBytes,
        LocalResult result) {
      this.context = context;
      this.network = network;
      this.worker = worker;
      this.gatherSeconds = gatherSeconds;
      this.fetchedBytes = fetchedBytes;
      this.result = result;
    }

    @Override
    public boolean hasNext() {
      if (next < slices.count()) {
        return true;
      }
      if (!reported) {
        reported = true;
        reports.add(report());
      }
      return false;
    }

    @Override
    public Tuple2<Integer, Piece> next() {
      if (next == slices.count()) {
        throw new NoSuchElementException();
      }
      int slice = next++;
      return new Tuple2<>(
          slice,
          Piece.of(slice, worker, SparkEnv.get().executorId(), result.examples(), content(slice)));
    }

    /** A worker that saw nothing has no weight, and sends nothing. */
    private byte[] content(int slice) {
      if (result.examples() == 0) {
        return new byte[0];
      }
      if (reused.length != slices.pieceBytes(slice)) {
        reused = new byte[slices.pieceBytes(slice)];
      }
      byte[] content = reused;
      FloatBuffer values = littleEndian(content);
      int length = slices.length(slice);
      network.readParameters(slices.offset(slice), values.slice(0, length));
      if (slices.carryUpdaterState()) {
        network.readUpdaterState(slices.offset(slice), values.slice(length, length));
      }
      return DeltaCodec.of(wire).map(codec -> encoded(slice, content, codec)).orElse(content);
    }

    private byte[] encoded(int slice, byte[] content, DeltaCodec codec) {
      byte[] before = ((SliceRdd) dependencies().head().rdd()).content(slice, context);
      return Deltas.encode(codec, slices.length(slice), slices.vectors(), before, content);
    }

    private WorkerReport report() {
      return new WorkerReport(
          worker,
          result.examples(),
          result.lossSum(),
          result.correct(),
          gatherSeconds,
          result.waitSeconds(),
          result.computeSeconds(),
          (System.nanoTime() - start) / 1e9,
          fetchedBytes);
    }
  }
}
