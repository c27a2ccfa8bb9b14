package io.stoker.driver.averaging;

/** No executor has a slice any more, nor what it was made of. */
final class LostSliceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LostSliceException(int slice) {
    super("No executor has slice %d any more".formatted(slice));
  }

  /** Whether a Spark job failed for this reason, or since a slice could not be made again. */
  static boolean isReasonOf(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof LostSliceException || cause instanceof StrandedException) {
        return true;
      }
    }
    return false;
  }
}
