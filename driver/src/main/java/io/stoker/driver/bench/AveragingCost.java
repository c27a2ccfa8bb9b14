package io.stoker.driver.bench;

/**
 * What it costs to average parameters once.
 *
 * @param secondsPerRound the median
 * @param driverBytesPerRound bytes through the driver, the mean
 * @param executorBytesPerRound bytes from one executor to another, the mean; -1 where unknown
 */
public record AveragingCost(
    double secondsPerRound, long driverBytesPerRound, long executorBytesPerRound) {}
