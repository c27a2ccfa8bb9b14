package io.stoker.driver.averaging;

import io.stoker.driver.spark.Scala;
import java.util.stream.IntStream;
import org.apache.spark.NarrowDependency;
import scala.collection.Seq;

/**
 * Every partition of the child reads every slice of the parent, each from whichever executor holds
 * it: a broadcast without a driver. Narrow, because nothing is regrouped.
 */
final class AllSlicesDependency extends NarrowDependency<byte[]> {
  private static final long serialVersionUID = 1L;

  private final int count;

  AllSlicesDependency(SliceRdd parent) {
    super(parent);
    this.count = parent.slices().count();
  }

  @Override
  public Seq<Object> getParents(int partition) {
    return Scala.list(IntStream.range(0, count).boxed().map(Object.class::cast).toList());
  }
}
