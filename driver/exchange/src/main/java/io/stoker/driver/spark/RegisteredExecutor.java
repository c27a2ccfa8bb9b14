// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.time.Instant;

/**
 * An executor that has registered with the driver.
 *
 * @param id Spark's name of it; {@code driver} with a local master
 * @param host its machine
 * @param slots how many tasks it runs at the same time
 * @param since when it registered
 */
public record RegisteredExecutor(String id, String host, int slots, Instant since) {}
