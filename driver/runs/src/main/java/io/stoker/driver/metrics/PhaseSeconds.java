// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

/**
 * The time that a round took, by phase, in seconds.
 *
 * @param gather fetching the parameters into the replicas, the workers' mean
 * @param data waiting for data, the workers' mean
 * @param compute forward, backward and update, the workers' mean
 * @param scatter cutting parameters into slices and handing them to the shuffle, the workers' mean
 * @param average fetching and averaging pieces, as if spread evenly over the slots
 * @param checkpoint waiting for a checkpoint; not the time in which one is written while rounds go
 *     on
 * @param total the wall-clock time, which includes scheduling, and waiting where workers take turns
 */
public record PhaseSeconds(
    double gather,
    double data,
    double compute,
    double scatter,
    double average,
    double checkpoint,
    double total) {
  /** Zero in each phase. */
  public static final PhaseSeconds ZERO = new PhaseSeconds(0, 0, 0, 0, 0, 0, 0);

  /** Adds another time, phase by phase. */
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
