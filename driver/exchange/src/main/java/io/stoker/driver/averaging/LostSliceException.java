// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.SparkFailures;
import java.util.Locale;

/** A slice is lost on all executors, and the pieces from which it was averaged are deleted. */
final class LostSliceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LostSliceException(int slice) {
    super(String.format(Locale.ROOT, "No executor holds slice %d any more", slice));
  }

  /**
   * Whether a Spark job failed since a slice is lost or since workers were stranded. In both cases,
   * rounds that were trained before must be trained again.
   */
  static boolean isReasonOf(Throwable failure) {
    return isCauseOf(failure) || SparkFailures.cause(StrandedException.class, failure).isPresent();
  }

  /** Whether a Spark job failed since a slice is lost. */
  static boolean isCauseOf(Throwable failure) {
    return SparkFailures.cause(LostSliceException.class, failure).isPresent();
  }
}
