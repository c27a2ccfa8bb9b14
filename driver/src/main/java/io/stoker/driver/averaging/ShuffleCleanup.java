package io.stoker.driver.averaging;

import org.apache.spark.ShuffleDependency;
import org.apache.spark.rdd.RDD;

/** ShuffleCleanup that this program makes and deletes itself. */
public final class ShuffleCleanup {
  private ShuffleCleanup() {}

  /**
   * Deletes what was shuffled, waits until executors have done so, and deletes nothing that it was
   * made of: {@code cleanShuffleDependencies} goes on to the shuffles behind, which others may
   * still read.
   *
   * @param shuffled whose first dependency is the shuffle
   */
  public static void delete(RDD<?> shuffled) {
    int shuffle = ((ShuffleDependency<?, ?, ?>) shuffled.dependencies().head()).shuffleId();
    if (shuffled.context().cleaner().isDefined()) {
      shuffled.context().cleaner().get().doCleanupShuffle(shuffle, true);
    }
  }
}
