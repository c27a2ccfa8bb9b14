// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

/**
 * When a job is saved.
 *
 * @param every rounds between two checkpoints; the last round always has one
 * @param keep how many checkpoints remain, the newest ones
 */
public record CheckpointConfig(int every, int keep) {}
