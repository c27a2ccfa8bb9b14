// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceTask;
import io.stoker.driver.spark.AllPartitionsDependency;
import io.stoker.driver.spark.IndexedRdd;
import io.stoker.driver.spark.Jobs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** A {@link SliceTask} as an RDD of one partition, whose one element is the result of the task. */
final class SliceTaskRdd<T> extends IndexedRdd<T> {
  private static final long serialVersionUID = 1L;

  private final ParameterSlices slices;
  private final SliceTask<T> task;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final transient SliceRdd parameters;

  SliceTaskRdd(SliceRdd parameters, SliceTask<T> task) {
    super(parameters.sparkContext(), Object.class);
    this.parameters = parameters;
    this.slices = parameters.slices();
    this.task = task;
    this.hadoop = parameters.hadoop();
  }

  /** Runs the task on one executor, and waits for its result. */
  T run() {
    return Jobs.elements(this).get(0);
  }

  @Override
  protected int partitionCount() {
    return 1;
  }

  @Override
  protected List<? extends Dependency<?>> parents() {
    return List.of(new AllPartitionsDependency<>(parameters));
  }

  @Override
  protected Iterator<T> compute(int partition, TaskContext context) {
    SliceRdd parent = (SliceRdd) parentRdd(0);
    try {
      return List.of(
              task.run(slices, slice -> parent.content(slice, context), hadoop.value().value()))
          .iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
