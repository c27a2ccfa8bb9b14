package io.stoker.driver.bench;

import java.util.List;

/**
 * What it costs to average parameters once.
 *
 * @param secondsPerRound the median
 * @param driverBytesPerRound bytes through the driver, the mean
 * @param executorBytesPerRound bytes from one executor to another, the mean; -1 where unknown
 */
public record AveragingCost(
    double secondsPerRound, long driverBytesPerRound, long executorBytesPerRound) {
  static double median(List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
