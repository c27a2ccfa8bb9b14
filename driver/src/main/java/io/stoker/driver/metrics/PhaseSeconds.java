package io.stoker.driver.metrics;

/**
 * Where time went, in seconds.
 *
 * @param gather fetching the parameters into the replicas, the workers' mean
 * @param data waiting for data, the workers' mean
 * @param compute forward, backward and update, the workers' mean
 * @param scatter cutting parameters into slices and handing them to the shuffle, the workers' mean
 * @param average fetching and averaging pieces, as if spread evenly over the slots
 * @param checkpoint waiting for a checkpoint; not what is written beside rounds
 * @param total the wall clock, which also holds scheduling and waves of workers
 */
public record PhaseSeconds(
    double gather,
    double data,
    double compute,
    double scatter,
    double average,
    double checkpoint,
    double total) {
  /** No time at all. */
  public static final PhaseSeconds ZERO = new PhaseSeconds(0, 0, 0, 0, 0, 0, 0);

  /** The sum, phase by phase. */
  public PhaseSeconds plus(PhaseSeconds other) {
    return new PhaseSeconds(
        gather + other.gather,
        data + other.data,
        compute + other.compute,
        scatter + other.scatter,
        average + other.average,
        checkpoint + other.checkpoint,
        total + other.total);
  }
}
