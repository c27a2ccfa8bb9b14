// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.slice.WorkerSlice;
import io.stoker.driver.slice.WorkerSliceFormat;
import io.stoker.driver.spark.BlockAddress;
import io.stoker.driver.spark.Blocks;
import io.stoker.driver.spark.FetchWindow;
import io.stoker.driver.spark.IndexedRdd;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.PartitionShuffle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * The parameters at one point in time, one slice a partition, persisted on the executors. There are
 * three kinds of slices. The first kind comes from a {@link SliceSource}. The second is averaged
 * from the pieces of a round: each slice by a task, and again by a task that finds it lost. The
 * third is stored by the workers of a multi-round stage before its last round.
 *
 * <p>{@link #cutLineage} gives averaged slices a source in place of their lineage: a checkpoint
 * that holds the same values. {@link #dropLineage} removes the lineage and gives no source, when
 * all executors hold the slices and the pieces can be deleted. Both keep the persisted slices.
 *
 * <p>A partition has one element, the content of the slice (see {@link ParameterSlices}). It is an
 * array of bytes, because Spark sends arrays of bytes to another executor in large blocks, and
 * elements of other classes a kilobyte at a time.
 */
public final class SliceRdd extends IndexedRdd<byte[]> {
  private static final long serialVersionUID = 1L;

  private final SliceAverage average;
  private final int workers;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final CollectionAccumulator<SliceReport> reports;

  /** How much of the moving average the round before these slices keeps. */
  private double kept;

  /** Null while the slices are averaged from pieces. */
  private SliceSource source;

  private transient TrainStageRdd trained;
  private transient PartitionShuffle<WorkerSlice> pieces;

  /** The slices before the round, where the outer step or the wire format needs them. */
  private transient SliceRdd before;

  private SliceRdd(
      SparkContext spark,
      SliceAverage average,
      int workers,
      Broadcast<SerializableConfiguration> hadoop) {
    super(spark, byte[].class);
    this.average = average;
    this.workers = workers;
    this.hadoop = hadoop;
    this.reports = spark.collectionAccumulator();
  }

  /** Slices that come from a source. */
  static SliceRdd from(AveragingJob job, SliceSource source) {
    SliceRdd rdd = new SliceRdd(job.spark().sc(), job.average(), 0, job.hadoop());
    rdd.source = source;
    return rdd;
  }

  /** Slices that the workers of a multi-round stage {@link #store}: a lost one has no source. */
  static SliceRdd stored(SliceRdd like) {
    SliceRdd rdd = new SliceRdd(like.sparkContext(), like.average, 0, like.hadoop);
    rdd.source = new NoSource();
    rdd.persist(like.getStorageLevel());
    return rdd;
  }

  /**
   * Slices after a round: the outer step from the slices before it in the direction of the workers'
   * mean.
   *
   * @param trained the train stage, which yields the workers' pieces after its last round
   */
  static SliceRdd averaged(TrainStageRdd trained) {
    SliceRdd rdd =
        new SliceRdd(
            trained.sparkContext(), trained.average(), trained.workers(), trained.hadoop());
    rdd.trained = trained;
    rdd.pieces =
        new PartitionShuffle<>(
            trained, rdd.slices().count(), new WorkerSliceFormat(), WorkerSlice.class);
    rdd.before = trained.lastStart();
    rdd.kept = trained.lastKept();
    return rdd;
  }

  /** How the vectors are cut. */
  public ParameterSlices slices() {
    return average.slices();
  }

  /** Hadoop's configuration, with which tasks reach files. */
  Broadcast<SerializableConfiguration> hadoop() {
    return hadoop;
  }

  /**
   * Runs the train stage, and waits until the pieces are in shuffle files.
   *
   * @param meanwhile is called by this thread several times a second
   * @param cancellation as often asked for a reason to cancel the stage, which is then thrown
   * @throws IllegalStateException if this thread is interrupted
   */
  void train(Runnable meanwhile, Supplier<Optional<RuntimeException>> cancellation) {
    pieces.write(meanwhile, cancellation);
  }

  /** Computes the slices that no executor holds, each in a task. */
  void materialize() {
    Jobs.compute(this);
  }

  @Override
  protected int partitionCount() {
    return slices().count();
  }

  @Override
  protected List<? extends Dependency<?>> parents() {
    if (source != null) {
      return List.of();
    }
    return average.needsBefore()
        ? List.of(new OneToOneDependency<>(pieces), new OneToOneDependency<>(before))
        : List.of(new OneToOneDependency<>(pieces));
  }

  @Override
  protected Iterator<byte[]> compute(int slice, TaskContext context) {
    byte[] content =
        source == null
            ? average(slice, context)
            : source.read(slices(), slice, hadoop.value().value());
    return List.of(content).iterator();
  }

  @SuppressWarnings("unchecked") // The first parent is the shuffle.
  private byte[] average(int slice, TaskContext context) {
    Iterator<Tuple2<Integer, WorkerSlice>> arriving =
        read((RDD<Tuple2<Integer, WorkerSlice>>) parentRdd(0), slice, context);
    long start = System.nanoTime();
    List<WorkerSlice> pieces = inWorkerOrder(slice, arriving);
    byte[] origin =
        average.needsBefore() ? ((SliceRdd) parentRdd(1)).content(slice, context) : new byte[0];
    SliceAverage.Averaged mean =
        average.of(
            slice, pieces, LittleEndian.bytes(origin), kept, new byte[slices().bytes(slice)]);
    reports.add(SliceReport.of(slice, start, pieces, mean));
    return mean.content();
  }

  private List<WorkerSlice> inWorkerOrder(
      int slice, Iterator<Tuple2<Integer, WorkerSlice>> arriving) {
    List<WorkerSlice> pieces = new ArrayList<>();
    arriving.forEachRemaining(record -> pieces.add(record._2()));
    pieces.sort(Comparator.comparingInt(WorkerSlice::worker));
    List<Integer> from = pieces.stream().map(WorkerSlice::worker).toList();
    if (!from.equals(IntStream.range(0, workers).boxed().toList())) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "Pieces of slice %d from workers %s of %d", slice, from, workers));
    }
    return pieces;
  }

  /**
   * The content of a slice inside a task: from this executor, else from another one that holds it,
   * else computed.
   *
   * @return the content, which the caller must not write to
   */
  byte[] content(int slice, TaskContext context) {
    return Blocks.only(read(slice, context));
  }

  /**
   * Reads all slices for a worker. A slice that comes from another executor is stored here too, for
   * all tasks of this executor. So an executor fetches the parameters once a round, however many
   * workers it runs, and each slice has a second copy as soon as a second executor runs a worker.
   *
   * @param order the slices in the order in which they are read
   * @param reader is called with each slice and its content, which must not be written to
   * @return the bytes that came from other executors
   */
  long gather(List<Integer> order, TaskContext context, BiConsumer<Integer, ByteBuffer> reader) {
    try (FetchWindow window = fetch(order)) {
      for (int slice : order) {
        byte[] content =
            window
                .take(new FetchWindow.Block(id(), slice))
                .map(block -> Blocks.element(this, slice, block))
                .orElseGet(() -> content(slice, context));
        store(slice, content);
        reader.accept(slice, LittleEndian.bytes(content));
      }
      return window.takenBytes();
    }
  }

  /** Fetches slices that this executor lacks from others that hold them, as the driver knows. */
  private FetchWindow fetch(List<Integer> order) {
    List<Integer> missing = order.stream().filter(slice -> !Blocks.isHere(id(), slice)).toList();
    List<FetchWindow.Request> requests = new ArrayList<>();
    List<List<BlockAddress>> holders =
        missing.isEmpty() ? List.of() : Blocks.holders(id(), missing);
    for (int i = 0; i < missing.size(); i++) {
      List<BlockAddress> each = holders.get(i);
      if (!each.isEmpty()) { // Workers with different orders ask different holders of a slice.
        int chosen = Math.floorMod(missing.get(i) + order.get(0), each.size());
        requests.add(
            new FetchWindow.Request(new FetchWindow.Block(id(), missing.get(i)), each.get(chosen)));
      }
    }
    return new FetchWindow(requests, slices().bytes(0), Optional.empty());
  }

  /** Stores a slice on this executor, if these slices are persisted and it is not here yet. */
  void store(int slice, byte[] content) {
    if (getStorageLevel().isValid()) {
      Blocks.put(this, slice, content);
    }
  }

  /**
   * Reports of the averages that were computed so far: inside a task those of this task, on the
   * driver those of all tasks that have ended. A slice has several if several executors computed
   * it.
   */
  List<SliceReport> reports() {
    return reports.value();
  }

  /**
   * Ends the lineage here: slices that are lost from now on are read from a source.
   *
   * @param written holds exactly these values
   */
  void cutLineage(SliceSource written) {
    source = written;
    before = null;
    clearDependencies();
  }

  /**
   * Ends the lineage here without a source: reading a slice that is lost from now on fails with
   * {@link LostSliceException}.
   *
   * @return deletes the pieces from which the slices were averaged, if called
   */
  Runnable dropLineage() {
    PartitionShuffle<WorkerSlice> dropped = pieces;
    TrainStageRdd stage = trained;
    pieces = null;
    trained = null;
    if (source == null) {
      cutLineage(new NoSource());
    }
    return dropped == null
        ? () -> {}
        : () -> {
          dropped.delete();
          stage.delete();
        };
  }

  private record NoSource() implements SliceSource {
    @Override
    public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
      throw new LostSliceException(slice);
    }
  }
}
