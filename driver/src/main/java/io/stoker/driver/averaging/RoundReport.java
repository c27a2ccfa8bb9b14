package io.stoker.driver.averaging;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What a round came to.
 *
 * @param workers the workers' reports, in their order
 * @param seconds how long it took, with what Spark does around it and attempts that failed
 * @param averageSeconds the averaging of slices in this round, as if spread evenly over the slots
 * @param driverBytes see {@link DriverTraffic}; what Spark had reported by the end of the round's
 *     stage, spread over the rounds of the stage
 * @param executorBytes what went from one executor to another: slices and pieces
 * @param drift how far apart the workers were before the average that this round began with; 0 if
 *     it began with none: the root mean square of their parameters' distances from the mean,
 *     weighted by examples, as a share of the mean's own length
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

  /** The share of these examples that were classified right. */
  public double accuracy() {
    return (double) workers.stream().mapToLong(WorkerReport::correct).sum() / examples();
  }

  /** The mean over the workers of some time. */
  public double meanSeconds(ToDoubleFunction<WorkerReport> seconds) {
    return workers.stream().mapToDouble(seconds).average().orElse(0);
  }
}
