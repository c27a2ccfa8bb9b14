// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import org.apache.spark.ShuffleDependency;
import org.apache.spark.rdd.RDD;

/** Deletes the files of a shuffle. */
public final class ShuffleCleanup {
  private ShuffleCleanup() {}

  /**
   * Deletes the files of one shuffle on all executors, and waits until they are deleted. Spark's
   * {@code cleanShuffleDependencies} would also delete the shuffles from which this one was
   * computed, which other RDDs may still read.
   *
   * @param shuffled an RDD whose first dependency is the shuffle
   */
  public static void delete(RDD<?> shuffled) {
    int shuffle = ((ShuffleDependency<?, ?, ?>) shuffled.dependencies().apply(0)).shuffleId();
    Scala.optional(shuffled.context().cleaner())
        .ifPresent(cleaner -> cleaner.doCleanupShuffle(shuffle, true));
  }
}
