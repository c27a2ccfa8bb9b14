// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The report of a round.
 *
 * @param workers the workers' reports, in their order
 * @param seconds how long the round took, with Spark's own work and with attempts that failed
 * @param averageSeconds how long averaging took in this round, as if it were spread evenly over the
 *     slots
 * @param driverBytes bytes through the driver that Spark had reported by the end of the round's
 *     stage, divided by the rounds of the stage; see {@link io.stoker.driver.spark.DriverTraffic}
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

  /**
   * The report of a round from those of its tasks.
   *
   * @param tasks the workers' reports; of a worker whose task ran twice, one counts
   * @param before the averages with which the round began; of a slice that was averaged twice, one
   *     counts
   * @param averages the averages whose time and bytes belong to this round
   * @param slots how many averages the cluster computes at the same time
   * @param seconds how long the round took
   * @param driverBytes bytes through the driver
   */
  static RoundReport of(
      List<TaskReport> tasks,
      List<SliceReport> before,
      List<SliceReport> averages,
      int slots,
      double seconds,
      long driverBytes) {
    SortedMap<Integer, WorkerReport> byWorker = new TreeMap<>();
    tasks.stream()
        .flatMap(task -> task.worker().stream())
        .forEach(each -> byWorker.put(each.worker(), each));
    return new RoundReport(
        List.copyOf(byWorker.values()),
        seconds,
        averages.stream().mapToDouble(SliceReport::seconds).sum()
            / Math.max(1, Math.min(slots, averages.size())),
        driverBytes,
        averages.stream().mapToLong(SliceReport::movedBytes).sum()
            + byWorker.values().stream().mapToLong(WorkerReport::fetchedBytes).sum(),
        drift(before));
  }

  private static double drift(List<SliceReport> reports) {
    SortedMap<Integer, SliceReport> bySlice = new TreeMap<>();
    reports.forEach(each -> bySlice.put(each.slice(), each));
    double norm = bySlice.values().stream().mapToDouble(SliceReport::normSquared).sum();
    double drift = bySlice.values().stream().mapToDouble(SliceReport::driftSquared).sum();
    return norm > 0 ? Math.sqrt(drift / norm) : 0;
  }
}
