// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.SparkFailures;
import java.util.Locale;

/** No executor holds a slice any more, nor the pieces from which it could be averaged again. */
final class LostSliceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LostSliceException(int slice) {
    super(String.format(Locale.ROOT, "No executor holds slice %d any more", slice));
  }

  /**
   * True if a Spark job failed because a slice was lost or because workers left their stage. Its
   * rounds must then be trained again.
   */
  static boolean isReasonOf(Throwable failure) {
    return SparkFailures.cause(LostSliceException.class, failure).isPresent()
        || SparkFailures.cause(StageAbortedException.class, failure).isPresent();
  }
}
