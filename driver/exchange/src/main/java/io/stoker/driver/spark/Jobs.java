// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;
import scala.runtime.BoxedUnit;

/** Jobs on RDDs whose partitions have one element each. */
public final class Jobs {
  private Jobs() {}

  /** Computes all partitions, and fetches their elements, in the order of the partitions. */
  @SuppressWarnings("unchecked") // an RDD whose tag is Object's gives an Object[]
  public static <T> List<T> elements(RDD<T> rdd) {
    return Arrays.asList(
        (T[]) rdd.sparkContext().runJob(rdd, new OnlyElement<T>(), Scala.tag(Object.class)));
  }

  /** Computes all partitions that are not stored yet, and leaves the elements on the executors. */
  public static void compute(RDD<?> rdd) {
    computeAll(rdd);
  }

  private static <T> void computeAll(RDD<T> rdd) {
    rdd.sparkContext().runJob(rdd, new ReadOnly<T>(), Scala.tag(BoxedUnit.class));
  }

  /**
   * Computes all partitions, and merges their elements pairwise on the executors.
   *
   * @param merge makes one element of two
   */
  public static <T> T treeReduce(RDD<T> rdd, Function2<T, T, T> merge) {
    return new JavaRDD<>(rdd, Scala.<T>tag(Object.class)).treeReduce(merge);
  }

  /** Waits until Spark's listeners have seen all events that were posted before. */
  public static void awaitEvents(JavaSparkContext spark) {
    try {
      spark.sc().listenerBus().waitUntilEmpty();
    } catch (Exception e) { // a timeout, which Scala does not declare
      throw new IllegalStateException("Spark's events do not arrive", e);
    }
  }

  private static final class OnlyElement<T> extends JobFunction<T, T> {
    private static final long serialVersionUID = 1L;

    @Override
    public T apply(TaskContext context, Iterator<T> elements) {
      return elements.next();
    }
  }

  private static final class ReadOnly<T> extends JobFunction<T, BoxedUnit> {
    private static final long serialVersionUID = 1L;

    @Override
    public BoxedUnit apply(TaskContext context, Iterator<T> elements) {
      while (elements.hasNext()) { // At the end, Spark unlocks the block.
        elements.next();
      }
      return BoxedUnit.UNIT;
    }
  }
}
