// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The report of a round.
 *
 * @param workers the workers' reports, in their order
 * @param seconds how long the round took, with Spark's own work and with attempts that failed
 * @param averageSeconds how long averaging took in this round, as if it were spread evenly over the
 *     slots
 * @param driverBytes bytes through the driver that Spark had reported by the end of the round's
 *     stage, divided by the rounds of the stage
 * @param executorBytes bytes of slices and pieces that went from one executor to another
 * @param drift how far the workers were apart before the average with which this round began, and 0
 *     if it began without one: the root mean square of their parameters' distances from the mean,
 *     weighted by examples, divided by the length of the mean
 */
public record RoundReport(
    List<WorkerReport> workers,
    double seconds,
    double averageSeconds,
    long driverBytes,
    long executorBytes,
    double drift) {
  public RoundReport {
    workers = List.copyOf(workers);
  }

  /** How many examples all workers saw. */
  public long examples() {
    return workers.stream().mapToLong(WorkerReport::examples).sum();
  }

  /** The mean loss of these examples, in nats, summed in the order of workers. */
  public double loss() {
    double sum = 0;
    for (WorkerReport worker : workers) {
      sum += worker.lossSum();
    }
    return sum / examples();
  }

  /** The share of these examples that were classified correctly. */
  public double accuracy() {
    return (double) workers.stream().mapToLong(WorkerReport::correct).sum() / examples();
  }

  /** The mean of a time over the workers. */
  public double meanSeconds(ToDoubleFunction<WorkerReport> seconds) {
    return workers.stream().mapToDouble(seconds).average().orElse(0);
  }
}
