// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.AllPartitionsDependency;
import io.stoker.driver.spark.IndexedRdd;
import io.stoker.driver.spark.Placement;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** Tasks that read all slices, as an RDD whose partitions have one element each: their results. */
final class SliceTaskRdd<T> extends IndexedRdd<T> {
  private static final long serialVersionUID = 1L;

  /** The work of each task. */
  @FunctionalInterface
  interface Body<T> extends Serializable {
    /**
     * Does the work, on an executor.
     *
     * @param task the task's number, from 0
     */
    T run(int task, SliceRdd slices, TaskContext context, Configuration hadoop) throws IOException;
  }

  private final int count;
  private final Body<T> body;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final transient SliceRdd parameters;

  /** Transient, because the driver alone chooses the executor of a task. */
  private final transient Placement placement;

  SliceTaskRdd(SliceRdd parameters, int count, Body<T> body, Placement placement) {
    super(parameters.sparkContext(), Object.class);
    this.parameters = parameters;
    this.count = count;
    this.body = body;
    this.placement = placement;
    this.hadoop = parameters.hadoop();
  }

  @Override
  protected int partitionCount() {
    return count;
  }

  @Override
  protected List<? extends Dependency<?>> parents() {
    return List.of(new AllPartitionsDependency<>(parameters));
  }

  /** Without a preference, Spark sends all tasks to the executor that holds slice 0. */
  @Override
  protected List<String> preferredExecutors(int task) {
    return placement.of(task, count);
  }

  @Override
  protected Iterator<T> compute(int task, TaskContext context) {
    try {
      return List.of(body.run(task, (SliceRdd) parentRdd(0), context, hadoop.value().value()))
          .iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
