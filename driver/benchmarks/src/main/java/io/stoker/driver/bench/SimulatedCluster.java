// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.failure.Check;

/**
 * A cluster of equal workers, as {@link RoundSimulation} sees it. Each worker has a slot, and an
 * executor and a host of its own. The switch between the hosts carries what all links carry.
 *
 * @param bytesPerSecond what a worker's link carries in each direction
 * @param latencySeconds from one host to another, one way
 * @param coresPerWorker how many cores a worker has for itself; less than one where workers share
 *     cores. The exchange of a worker uses at most one
 */
public record SimulatedCluster(
    double bytesPerSecond, double latencySeconds, double coresPerWorker) {
  private static final double FEWEST_CORES = 0.001;

  public SimulatedCluster {
    Check.input(bytesPerSecond > 0, "Invalid bandwidth: %s (must be > 0)", bytesPerSecond);
    Check.input(latencySeconds >= 0, "Invalid latency: %s (must be >= 0)", latencySeconds);
    Check.input(
        coresPerWorker >= FEWEST_CORES,
        "Invalid cores: %s (must be >= %s)",
        coresPerWorker,
        FEWEST_CORES);
  }
}
