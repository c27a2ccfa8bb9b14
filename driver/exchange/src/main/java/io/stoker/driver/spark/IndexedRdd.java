// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;

/**
 * An RDD whose partitions are numbered from 0. Subclasses are written in Java's lists and
 * iterators; this class converts them to what Spark's {@link RDD} asks for.
 *
 * @param <T> the type of an element
 */
public abstract class IndexedRdd<T> extends RDD<T> {
  private static final long serialVersionUID = 1L;

  /**
   * @param spark the cluster
   * @param type the class of the elements, or a superclass of it
   */
  protected IndexedRdd(SparkContext spark, Class<? super T> type) {
    super(spark, Scala.seq(List.<Dependency<?>>of()), Scala.tag(type));
  }

  /** How many partitions the RDD has. */
  protected abstract int partitionCount();

  /** Computes the elements of a partition, inside a task. */
  protected abstract Iterator<T> compute(int partition, TaskContext context);

  /**
   * The RDDs from which this one is computed. Spark asks on the driver, before it sends the first
   * task, and again after {@link #clearDependencies}.
   */
  protected List<? extends Dependency<?>> parents() {
    return List.of();
  }

  /** The executors on which a partition should be computed, see {@link Placement}; a preference. */
  protected List<String> preferredExecutors(int partition) {
    return List.of();
  }

  /** One of the {@link #parents}, also inside a task. */
  protected final RDD<?> parentRdd(int number) {
    return dependencies().apply(number).rdd();
  }

  /** The elements of one of this RDD's partitions inside a task: from a block, or computed. */
  protected final Iterator<T> read(int partition, TaskContext context) {
    return read(this, partition, context);
  }

  /**
   * The elements of a partition of an RDD inside a task: from a block, or computed.
   *
   * @param rdd one whose partitions are told apart by their numbers alone
   */
  protected static <E> Iterator<E> read(RDD<E> rdd, int partition, TaskContext context) {
    return Scala.iterator(rdd.iterator(new IndexedPartition(partition), context));
  }

  @Override
  public final Partition[] getPartitions() {
    return IndexedPartition.upTo(partitionCount());
  }

  @Override
  public final scala.collection.immutable.Seq<Dependency<?>> getDependencies() {
    return Scala.seq(parents());
  }

  @Override
  public final scala.collection.immutable.Seq<String> getPreferredLocations(Partition split) {
    return Scala.seq(preferredExecutors(split.index()));
  }

  @Override
  public final scala.collection.Iterator<T> compute(Partition split, TaskContext context) {
    return Scala.iterator(compute(split.index(), context));
  }
}
