package io.stoker.driver.averaging;

import io.stoker.driver.config.Wire;
import io.stoker.driver.spark.IndexedPartition;
import io.stoker.driver.spark.JobFunction;
import io.stoker.driver.spark.Scala;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.concurrent.Await;
import scala.concurrent.duration.Duration;
import scala.runtime.BoxedUnit;

/**
 * The parameters at one point in time, one slice a partition, persisted on the executors. A slice
 * comes from a {@link SliceSource}, or is the mean of the pieces of the round before, which whoever
 * needs it first averages. The second kind becomes the first when its values are in a checkpoint
 * ({@link #cutLineage}); and when all executors hold it, its pieces are let go ({@link
 * #dropLineage}). Lineage ends there from then on, and what is persisted stays.
 *
 * <p>A partition has one element, the content (see {@link ParameterSlices}). It is an array of
 * bytes because Spark moves such elements to a second executor in large blocks, and elements of a
 * class a kilobyte at a time.
 */
public final class SliceRdd extends RDD<byte[]> {
  private static final long serialVersionUID = 1L;

  /** Held by the one task of this executor that averages a model's only slice. */
  private static final Object MAKING = new Object();

  private final ParameterSlices slices;
  private final int workers;
  private final Broadcast<SerializableConfiguration> hadoop;

  /** Null for as long as the slices are to be averaged from pieces. */
  private SliceSource source;

  private transient WorkerSliceShuffle pieces;

  /** The slices before the round, which the outer step begins from, and changes are against. */
  private transient SliceRdd before;

  private final SliceAverage average;
  private final CollectionAccumulator<SliceReport> reports;

  private SliceRdd(
      SparkContext spark,
      int workers,
      SliceAverage average,
      Broadcast<SerializableConfiguration> hadoop) {
    super(spark, Scala.list(List.of()), Scala.tag(byte[].class));
    this.slices = average.slices();
    this.workers = workers;
    this.average = average;
    this.hadoop = hadoop;
    this.reports = spark.collectionAccumulator();
  }

  /** Slices from a source. */
  static SliceRdd from(
      SparkContext spark,
      ParameterSlices slices,
      SliceSource source,
      Broadcast<SerializableConfiguration> hadoop) {
    SliceRdd rdd =
        new SliceRdd(spark, 0, new SliceAverage(slices, OuterStep.PLAIN, Wire.FP32), hadoop);
    rdd.source = source;
    return rdd;
  }

  /**
   * The outer step towards the mean of what the workers made of the slices before.
   *
   * @param before the slices before
   * @param trained what the workers made of them
   */
  static SliceRdd averaged(SliceRdd before, TrainStageRdd trained) {
    SliceRdd rdd =
        new SliceRdd(
            trained.sparkContext(), trained.workers(), trained.average(), trained.hadoop());
    rdd.pieces = new WorkerSliceShuffle(trained);
    rdd.before = before;
    return rdd;
  }

  /** How the vectors are cut. */
  public ParameterSlices slices() {
    return slices;
  }

  /** How tasks reach files. */
  Broadcast<SerializableConfiguration> hadoop() {
    return hadoop;
  }

  /**
   * One slice's content inside a task: from this executor, or else from another one that has it.
   *
   * @param context the task's
   * @return not to be written to
   */
  byte[] content(int slice, TaskContext context) {
    return only(iterator(new IndexedPartition(slice), context));
  }

  private static byte[] only(scala.collection.Iterator<byte[]> elements) {
    byte[] content = elements.next();
    elements.hasNext(); // At its end, Spark unlocks the block.
    return content;
  }

  /**
   * The same, for all tasks of this executor: what comes from another one stays here too. So an
   * executor fetches the parameters once a round, however many workers it has, and each slice has a
   * second copy as soon as there is a worker on a second executor.
   *
   * @param ahead may have it
   * @param context the task's
   * @return not to be written to
   */
  byte[] gathered(int slice, SlicePrefetcher ahead, TaskContext context) {
    byte[] content =
        ahead.take(slice).map(block -> read(slice, block)).orElseGet(() -> made(slice, context));
    if (getStorageLevel().isValid() && !isHere(slice)) {
      SparkEnv.get()
          .blockManager()
          .putIterator(
              new RDDBlockId(id(), slice),
              Scala.iterator(List.of(content).iterator()),
              getStorageLevel(),
              true,
              elementClassTag());
    }
    return content;
  }

  /**
   * One slice's content, which the first of this executor's tasks averages if need be. Spark would
   * have the others find that out by themselves, and warn that the block is there already.
   */
  private byte[] made(int slice, TaskContext context) {
    if (slices.count() > 1 || isHere(slice)) {
      return content(slice, context);
    }
    synchronized (MAKING) {
      return content(slice, context);
    }
  }

  private byte[] read(int slice, ManagedBuffer block) {
    try (InputStream in = block.createInputStream()) {
      return only(
          SparkEnv.get()
              .serializerManager()
              .<byte[]>dataDeserializeStream(new RDDBlockId(id(), slice), in, elementClassTag()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      block.release();
    }
  }

  /**
   * Has the workers trained, and waits for their pieces.
   *
   * @throws IllegalStateException if this thread is interrupted
   */
  void train() {
    SimpleFutureAction<?> pieces = sparkContext().submitMapStage(shuffle());
    try {
      Await.result(pieces, Duration.Inf());
    } catch (InterruptedException e) {
      pieces.cancel();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while workers train", e);
    } catch (TimeoutException e) {
      throw new IllegalStateException(e); // not after an infinite time
    }
  }

  @SuppressWarnings("unchecked") // the one dependency of pieces is this
  private ShuffleDependency<Integer, WorkerSlice, WorkerSlice> shuffle() {
    return (ShuffleDependency<Integer, WorkerSlice, WorkerSlice>) pieces.dependencies().head();
  }

  /** Makes those slices that no executor holds, each in a task of its own. */
  void materialize() {
    sparkContext().runJob(this, new Make(), Scala.tag(BoxedUnit.class));
  }

  private static final class Make extends JobFunction<byte[], BoxedUnit> {
    private static final long serialVersionUID = 1L;

    @Override
    public BoxedUnit apply(TaskContext context, scala.collection.Iterator<byte[]> elements) {
      only(elements);
      return BoxedUnit.UNIT;
    }
  }

  /**
   * On the averages that were made so far: in a task by itself, on the driver by all tasks that are
   * done. One slice may have several, where several executors made it.
   */
  List<SliceReport> reports() {
    return reports.value();
  }

  /** Whether this executor holds a slice. */
  boolean isHere(int slice) {
    return SparkEnv.get().blockManager().getStatus(new RDDBlockId(id(), slice)).isDefined();
  }

  /**
   * Ends the lineage here: slices that are lost from now on are read again.
   *
   * @param written holds exactly these values
   */
  void cutLineage(SliceSource written) {
    source = written;
    before = null;
    clearDependencies();
  }

  /**
   * Ends the lineage here: what is lost from now on is a {@link LostSliceException} to whoever
   * reads it.
   *
   * @return deletes the pieces
   */
  Runnable dropLineage() {
    WorkerSliceShuffle forgotten = pieces;
    pieces = null;
    if (source == null) {
      cutLineage(new Nowhere());
    }
    return forgotten == null ? () -> {} : forgotten::delete;
  }

  private record Nowhere() implements SliceSource {
    @Override
    public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
      throw new LostSliceException(slice);
    }
  }

  @Override
  public Seq<Dependency<?>> getDependencies() {
    if (source != null) {
      return Scala.list(List.of());
    }
    return !average.needsBefore()
        ? Scala.list(List.of(new OneToOneDependency<>(pieces)))
        : Scala.list(List.of(new OneToOneDependency<>(pieces), new OneToOneDependency<>(before)));
  }

  @Override
  public Partition[] getPartitions() {
    return IndexedPartition.upTo(slices.count());
  }

  @Override
  public scala.collection.Iterator<byte[]> compute(Partition split, TaskContext context) {
    int index = split.index();
    byte[] content =
        source == null
            ? average(index, trained(split, context), context)
            : source.read(slices, index, hadoop.value().value());
    return Scala.iterator(List.of(content).iterator());
  }

  @SuppressWarnings("unchecked") // the one dependency is of pieces
  private Iterator<Tuple2<Integer, WorkerSlice>> trained(Partition split, TaskContext context) {
    RDD<Tuple2<Integer, WorkerSlice>> parent =
        (RDD<Tuple2<Integer, WorkerSlice>>) dependencies().head().rdd();
    return JavaConverters.asJavaIterator(parent.iterator(split, context));
  }

  private byte[] average(
      int index, Iterator<Tuple2<Integer, WorkerSlice>> arriving, TaskContext context) {
    long start = System.nanoTime();
    List<WorkerSlice> pieces = inOrder(index, arriving);
    byte[] origin =
        average.needsBefore()
            ? ((SliceRdd) dependencies().apply(1).rdd()).content(index, context)
            : new byte[0];
    WeightedMean.Averaged mean = average.of(index, pieces, origin);
    double seconds = (System.nanoTime() - start) / 1e9;
    reports.add(
        new SliceReport(
            index, seconds, SliceAverage.moved(pieces), mean.driftSquared(), mean.normSquared()));
    return mean.content();
  }

  /** The pieces of a slice, in the workers' order. */
  private List<WorkerSlice> inOrder(int slice, Iterator<Tuple2<Integer, WorkerSlice>> arriving) {
    WorkerSlice[] byWorker = new WorkerSlice[workers];
    while (arriving.hasNext()) {
      WorkerSlice piece = arriving.next()._2();
      if (byWorker[piece.worker()] != null) {
        throw new IllegalStateException(
            "Two pieces of slice %d from worker %d".formatted(slice, piece.worker()));
      }
      byWorker[piece.worker()] = piece;
    }
    for (int worker = 0; worker < workers; worker++) {
      if (byWorker[worker] == null) {
        throw new IllegalStateException(
            "No piece of slice %d from worker %d".formatted(slice, worker));
      }
    }
    return Arrays.asList(byWorker);
  }
}
