package io.stoker.driver.spark;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;

/** Jobs on RDDs whose partitions have one element each. */
public final class Jobs {
  private Jobs() {}

  /** Computes all partitions, and fetches their elements, in their order. */
  @SuppressWarnings("unchecked") // an RDD whose tag is Object's gives an Object[]
  public static <T> List<T> elements(RDD<T> rdd) {
    return Arrays.asList(
        (T[]) rdd.sparkContext().runJob(rdd, new Element<T>(), Scala.tag(Object.class)));
  }

  private static final class Element<T> extends JobFunction<T, T> {
    private static final long serialVersionUID = 1L;

    @Override
    public T apply(TaskContext context, Iterator<T> elements) {
      return elements.next();
    }
  }
}
