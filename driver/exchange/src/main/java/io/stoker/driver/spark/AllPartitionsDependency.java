// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.NarrowDependency;

/**
 * Every partition of the child reads every partition of the parent, each from an executor that
 * holds it. Executors receive the parent as they would receive a broadcast, and none of it passes
 * through the driver. The dependency is narrow, because records are not regrouped.
 *
 * @param <T> the type of the parent's elements
 */
public final class AllPartitionsDependency<T> extends NarrowDependency<T> {
  private static final long serialVersionUID = 1L;

  private final int count;

  /**
   * @param parent the RDD that is read
   */
  public AllPartitionsDependency(IndexedRdd<T> parent) {
    super(parent);
    this.count = parent.partitionCount();
  }

  @Override
  public scala.collection.immutable.Seq<Object> getParents(int partition) {
    List<Integer> all = IntStream.range(0, count).boxed().toList();
    return Scala.seq(all);
  }
}
