// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;

/**
 * When a job is saved.
 *
 * @param every rounds between two checkpoints; the last round always has one
 * @param keep how many checkpoints remain, the newest ones
 */
public record CheckpointConfig(int every, int keep) {
  public CheckpointConfig {
    Check.input(every >= 1, "Invalid checkpoint interval: %d rounds (must be >= 1)", every);
    Check.input(keep >= 1, "Invalid number of checkpoints to keep: %d (must be >= 1)", keep);
  }
}
