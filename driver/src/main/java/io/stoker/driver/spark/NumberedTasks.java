package io.stoker.driver.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Seq;

/** Tasks that know nothing but their number; each has one result. */
public final class NumberedTasks<T> extends RDD<T> {
  private static final long serialVersionUID = 1L;

  /** What each task does. */
  @FunctionalInterface
  public interface Body<T> extends Serializable {
    /**
     * Does it, on an executor.
     *
     * @param task its number, from 0
     */
    T run(int task) throws IOException;
  }

  private final int count;
  private final Body<T> body;

  /** Not for tasks: where they go is the scheduler's business. */
  private final transient Placement placement;

  /** That many tasks, to be run as often as the RDD is computed, each on any executor. */
  public NumberedTasks(JavaSparkContext spark, int count, Body<T> body) {
    this(spark, count, body, Placement.ANYWHERE);
  }

  /** The same, each where its placement wishes it to be. */
  public NumberedTasks(JavaSparkContext spark, int count, Body<T> body, Placement placement) {
    super(spark.sc(), Scala.list(List.of()), Scala.tag(Object.class));
    this.count = count;
    this.body = body;
    this.placement = placement;
  }

  @Override
  public Partition[] getPartitions() {
    return IndexedPartition.upTo(count);
  }

  @Override
  public Seq<String> getPreferredLocations(Partition task) {
    return placement.of(task.index(), count);
  }

  @Override
  public scala.collection.Iterator<T> compute(Partition task, TaskContext context) {
    try {
      Iterator<T> one = List.of(body.run(task.index())).iterator();
      return Scala.iterator(one);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
