package io.stoker.driver.averaging;

import io.stoker.driver.spark.IndexedPartition;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.Scala;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.SerializableConfiguration;

/** A {@link SliceTask} as an RDD of one partition, whose one element is the task's result. */
final class SliceTaskRdd<T> extends RDD<T> {
  private static final long serialVersionUID = 1L;

  private final ParameterSlices slices;
  private final SliceTask<T> task;
  private final Broadcast<SerializableConfiguration> hadoop;

  SliceTaskRdd(SliceRdd parameters, SliceTask<T> task) {
    super(
        parameters.sparkContext(),
        Scala.list(List.of(new AllSlicesDependency(parameters))),
        Scala.tag(Object.class));
    this.slices = parameters.slices();
    this.task = task;
    this.hadoop = parameters.hadoop();
  }

  /** Has one executor run the task, and waits for its result. */
  T run() {
    return Jobs.elements(this).get(0);
  }

  @Override
  public Partition[] getPartitions() {
    return IndexedPartition.upTo(1);
  }

  @Override
  public scala.collection.Iterator<T> compute(Partition split, TaskContext context) {
    SliceRdd parent = (SliceRdd) dependencies().head().rdd();
    Iterator<T> result;
    try {
      result =
          List.of(task.run(slices, slice -> parent.content(slice, context), hadoop.value().value()))
              .iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Scala.iterator(result);
  }
}
