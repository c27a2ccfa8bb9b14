package io.stoker.driver.config;

import io.stoker.failure.Check;

/**
 * What a step minimises: cross-entropy against the targets that this record shapes.
 *
 * @param labelSmoothing the share of each example's target that is spread over all classes, 0 for
 *     none
 */
public record LossConfig(double labelSmoothing) {
  public LossConfig {
    Check.input(
        labelSmoothing >= 0 && labelSmoothing < 1,
        "Invalid label smoothing: %s (must be >= 0 and < 1)",
        labelSmoothing);
  }
}
