// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

/**
 * An executor from which blocks can be fetched: the address of its block manager.
 *
 * @param executor the executor's name; {@code driver} for the driver
 * @param host its machine
 * @param port its port there
 */
public record BlockAddress(String executor, String host, int port) {}
