// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.Serializable;

/**
 * An executor from which blocks can be fetched: the address of its block manager.
 *
 * @param executor the executor's name; {@code driver} for the driver
 * @param host its machine
 * @param port its port there
 */
public record BlockPlace(String executor, String host, int port) implements Serializable {
  private static final String SEPARATOR = " ";

  /** The place as one line of text. */
  public String encode() {
    return executor + SEPARATOR + host + SEPARATOR + port;
  }

  /** The place that {@link #encode} has written. */
  public static BlockPlace decode(String text) {
    String[] parts = text.split(SEPARATOR, -1);
    return new BlockPlace(parts[0], parts[1], Integer.parseInt(parts[2]));
  }
}
