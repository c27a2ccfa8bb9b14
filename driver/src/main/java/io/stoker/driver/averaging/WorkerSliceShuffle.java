package io.stoker.driver.averaging;

import io.stoker.driver.spark.Scala;
import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.Partitioner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.rdd.ShuffledRDD;
import scala.Option;
import scala.collection.Seq;

/** Spark's shuffle from workers to slices, with a writer that knows what a piece is. */
final class WorkerSliceShuffle extends ShuffledRDD<Integer, WorkerSlice, WorkerSlice> {
  private static final long serialVersionUID = 1L;

  private final transient TrainStageRdd trained;
  private final transient Partitioner bySlice;

  WorkerSliceShuffle(TrainStageRdd trained) {
    this(trained, new SlicePartitioner(trained.slices().count()));
  }

  private WorkerSliceShuffle(TrainStageRdd trained, Partitioner bySlice) {
    super(
        trained,
        bySlice,
        Scala.tag(Integer.class),
        Scala.tag(WorkerSlice.class),
        Scala.tag(WorkerSlice.class));
    this.trained = trained;
    this.bySlice = bySlice;
  }

  /** Deletes the pieces, those in files and those that workers have exchanged; waits for it. */
  void delete() {
    ShuffleCleanup.delete(this);
    trained.forgetExchanged();
  }

  /** The superclass asks once, on the driver. */
  @Override
  public Seq<Dependency<?>> getDependencies() {
    return Scala.list(
        List.of(
            new ShuffleDependency<Integer, WorkerSlice, WorkerSlice>(
                trained,
                bySlice,
                new WorkerSliceSerializer(),
                Option.empty(),
                Option.empty(),
                false,
                new WorkerSliceWriteProcessor(),
                Scala.tag(Integer.class),
                Scala.tag(WorkerSlice.class),
                Scala.tag(WorkerSlice.class))));
  }
}
