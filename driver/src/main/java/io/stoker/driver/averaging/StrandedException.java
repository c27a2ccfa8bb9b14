package io.stoker.driver.averaging;

/** A worker has waited for others that do not come. */
final class StrandedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StrandedException(int worker, int round) {
    super(
        "Worker %d has waited for others in round %d of its stage, who do not come"
            .formatted(worker, round));
  }
}
