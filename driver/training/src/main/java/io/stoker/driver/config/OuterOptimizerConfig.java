// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;

/**
 * The step from the parameters before a round to the workers' mean.
 *
 * @param rate the factor on it; 1 with momentum 0 is plain averaging
 * @param momentum the retention of earlier steps, 0 to below 1
 * @param nesterov whether that momentum looks ahead
 */
public record OuterOptimizerConfig(double rate, double momentum, boolean nesterov) {
  public OuterOptimizerConfig {
    Check.input(rate > 0 && Double.isFinite(rate), "Invalid outer rate: %s (must be > 0)", rate);
    Check.input(
        momentum >= 0 && momentum < 1,
        "Invalid outer momentum: %s (must be >= 0 and < 1)",
        momentum);
  }
}
