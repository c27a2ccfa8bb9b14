// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

/** Division of whole numbers that rounds up: in how many parts something is. */
public final class Division {
  private Division() {}

  /**
   * The least whole number that is not below the quotient.
   *
   * @param dividend at least 0
   * @param divisor at least 1
   */
  public static long ceiling(long dividend, long divisor) {
    return -Math.floorDiv(-dividend, divisor);
  }

  /**
   * The least whole number that is not below the quotient.
   *
   * @param dividend at least 0
   * @param divisor at least 1
   */
  public static int ceiling(int dividend, int divisor) {
    return -Math.floorDiv(-dividend, divisor);
  }
}
