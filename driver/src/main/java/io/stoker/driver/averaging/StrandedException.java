package io.stoker.driver.averaging;

/** A worker of a multi-round stage has waited too long for the other workers. */
final class StrandedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StrandedException(int worker, int round) {
    super(
        "Worker %d has waited in vain for the other workers, in round %d of its stage"
            .formatted(worker, round));
  }
}
