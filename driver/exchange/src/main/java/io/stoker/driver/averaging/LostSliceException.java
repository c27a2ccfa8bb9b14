// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.SparkFailures;
import java.util.Locale;
import java.util.Optional;

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
    return reasonOf(failure).isPresent();
  }

  /** The lost slice or the aborted stage because of which a Spark job failed. */
  static Optional<? extends Throwable> reasonOf(Throwable failure) {
    return SparkFailures.chain(failure)
        .filter(each -> each instanceof LostSliceException || each instanceof StageAbortedException)
        .findFirst();
  }
}
