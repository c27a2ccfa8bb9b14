// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.util.List;

/**
 * The report of a round.
 *
 * @param workers the reports of the workers that took part, in their order
 * @param absent the other workers, in their order
 * @param before what was measured with the averages with which the round began
 * @param averages what was measured with the averages whose time belongs to this round
 * @param averagesAtOnce how many of these the slots computed at the same time
 * @param seconds how long the round took, with Spark's own work and with attempts that failed
 * @param driverBytes bytes through the driver that Spark had reported by the end of the round's
 *     stage, divided by the rounds of the stage
 */
public record RoundReport(
    List<WorkerReport> workers,
    List<Integer> absent,
    Measurements before,
    Measurements averages,
    int averagesAtOnce,
    double seconds,
    long driverBytes) {
  public RoundReport {
    workers = List.copyOf(workers);
    absent = List.copyOf(absent);
  }

  /** The sum of what the workers measured, in the order of workers. */
  public double sum(Measure measure) {
    double sum = 0;
    for (WorkerReport worker : workers) {
      sum += worker.measured().get(measure);
    }
    return sum;
  }

  /** The mean over the workers of what they measured. */
  public double mean(Measure measure) {
    return sum(measure) / workers.size();
  }

  /** How many examples all workers saw. */
  public long examples() {
    return (long) sum(Measure.EXAMPLES);
  }

  /** The mean loss of these examples, in nats. */
  public double loss() {
    return sum(Measure.LOSS_SUM) / examples();
  }

  /** The share of these examples that were classified correctly. */
  public double accuracy() {
    return sum(Measure.CORRECT) / examples();
  }

  /** How long averaging took in this round, as if it were spread evenly over the slots. */
  public double averageSeconds() {
    return averages.get(Measure.AVERAGE_SECONDS) / averagesAtOnce;
  }

  /** Bytes of slices and pieces that went from one executor to another. */
  public long executorBytes() {
    return averages.count(Measure.MOVED_BYTES) + (long) sum(Measure.MOVED_BYTES);
  }

  /**
   * How far the workers were apart before the average with which this round began, and 0 if it
   * began without one: the root mean square of their parameters' distances from the mean, weighted
   * by examples, divided by the length of the mean.
   */
  public double drift() {
    double norm = before.get(Measure.NORM_SQUARED);
    return norm > 0 ? Math.sqrt(before.get(Measure.DRIFT_SQUARED) / norm) : 0;
  }
}
