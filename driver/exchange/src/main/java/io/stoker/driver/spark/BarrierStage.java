// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.runtime.AbstractFunction1;

/**
 * A stage in Spark's barrier mode: Spark starts all of its tasks at once, each in a slot of its
 * own, or none. They do not call {@link org.apache.spark.BarrierTaskContext#barrier()}, which looks
 * for an answer once a second.
 */
public final class BarrierStage {
  private BarrierStage() {}

  /** The work of each task. */
  @FunctionalInterface
  public interface Body<T> extends Serializable {
    /** Does the work, on an executor. */
    T run();
  }

  /**
   * Runs a stage.
   *
   * @param spark the cluster
   * @param tasks how many tasks; Spark waits until there are as many slots
   * @param body the work of each task
   * @return the results, in the order of the tasks
   */
  public static <T> List<T> run(JavaSparkContext spark, int tasks, Body<T> body) {
    List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
    RDD<T> results =
        spark
            .parallelize(numbers, tasks)
            .rdd()
            .barrier()
            .mapPartitions(new Work<>(body), false, Scala.<T>tag(Object.class));
    return Arrays.asList(array(results.collect()));
  }

  /** Whether a stage has failed because there are fewer slots than tasks. */
  public static boolean isShortOfSlots(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkException
          && String.valueOf(cause.getMessage()).contains("Barrier execution mode does not allow")) {
        return true;
      }
    }
    return false;
  }

  @SuppressWarnings("unchecked") // an RDD whose tag is Object's gives an Object[]
  private static <T> T[] array(Object elements) {
    return (T[]) elements;
  }

  private static final class Work<T>
      extends AbstractFunction1<scala.collection.Iterator<Integer>, scala.collection.Iterator<T>>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Body<T> body;

    Work(Body<T> body) {
      this.body = body;
    }

    @Override
    public scala.collection.Iterator<T> apply(scala.collection.Iterator<Integer> number) {
      Iterator<T> result = List.of(body.run()).iterator();
      return Scala.iterator(result);
    }
  }
}
