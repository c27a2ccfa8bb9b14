// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Tasks that are given their number and return one result each.
 *
 * @param <T> the type of a result
 */
public final class NumberedTasks<T> extends IndexedRdd<T> {
  private static final long serialVersionUID = 1L;

  /** The work of each task. */
  @FunctionalInterface
  public interface Body<T> extends Serializable {
    /**
     * Does the work, on an executor.
     *
     * @param task the task's number, from 0
     */
    T run(int task) throws IOException;
  }

  private final int count;
  private final Body<T> body;

  /** Transient, because the driver alone chooses the executor of a task. */
  private final transient Placement placement;

  /** Tasks that run on any executor, each as often as the RDD is computed. */
  public NumberedTasks(JavaSparkContext spark, int count, Body<T> body) {
    this(spark, count, body, Placement.ANYWHERE);
  }

  /** Tasks that run on the executors of a placement, where Spark finds a slot there. */
  public NumberedTasks(JavaSparkContext spark, int count, Body<T> body, Placement placement) {
    super(spark.sc(), Object.class);
    this.count = count;
    this.body = body;
    this.placement = placement;
  }

  @Override
  protected int partitionCount() {
    return count;
  }

  @Override
  protected List<String> preferredExecutors(int task) {
    return placement.of(task, count);
  }

  @Override
  protected Iterator<T> compute(int task, TaskContext context) {
    try {
      return List.of(body.run(task)).iterator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
