// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import org.apache.spark.network.util.JavaUtils;

/** Sizes as Spark's configuration writes them, such as {@code 4g}. */
public final class ByteSizes {
  private ByteSizes() {}

  /** The bytes of a size; a number without a unit is bytes. */
  public static long bytes(String size) {
    return JavaUtils.byteStringAsBytes(size);
  }

  /** The bytes of a size; a number without a unit is mebibytes. */
  public static long mebibytes(String size) {
    return Math.multiplyExact(JavaUtils.byteStringAsMb(size), 1L << 20);
  }
}
