// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

/**
 * The cost of averaging parameters once.
 *
 * @param secondsPerRound the median over the rounds
 * @param driverBytesPerRound bytes through the driver, the mean over the rounds
 * @param executorBytesPerRound bytes from one executor to another, the mean; -1 if it is not known
 */
public record AveragingCost(
    double secondsPerRound, long driverBytesPerRound, long executorBytesPerRound) {}
