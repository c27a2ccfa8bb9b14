// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

/**
 * The step from the parameters before a round to the workers' mean.
 *
 * @param rate the factor on it; 1 with momentum 0 is plain averaging
 * @param momentum the retention of earlier steps, 0 to below 1
 * @param nesterov whether that momentum looks ahead
 */
public record OuterOptimizerConfig(double rate, double momentum, boolean nesterov) {}
