package io.stoker.driver.averaging;

/** A worker has waited for others that do not come. */
final class StrandedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StrandedException(int worker, int round) {
    super(
        "Worker %d has waited for others in round %d of its stage, who do not come"
            .formatted(worker, round));
  }

  /** Whether a Spark job failed for this reason. */
  static boolean isReasonOf(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StrandedException) {
        return true;
      }
    }
    return false;
  }
}
