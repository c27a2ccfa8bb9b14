// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import java.util.Locale;

/**
 * A confidence interval of a share (Wilson, 1927, "Probable inference, the law of succession, and
 * statistical inference"). It holds for small numbers of examples and for shares of 0 and 1 too.
 *
 * @param low the lower end, 0 to 1
 * @param high the upper end, 0 to 1
 */
record WilsonInterval(double low, double high) {
  /** The 0.975 quantile of the normal distribution: for 95 % confidence. */
  private static final double Z = 1.959963984540054;

  /**
   * The 95 % interval.
   *
   * @param part how many examples have the property, 0 to {@code whole}
   * @param whole how many examples there are, at least 1
   */
  static WilsonInterval of(long part, long whole) {
    if (whole < 1 || part < 0 || part > whole) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "Invalid share: %d of %d", part, whole));
    }
    double share = (double) part / whole;
    double denominator = 1 + Z * Z / whole;
    double middle = (share + Z * Z / (2 * whole)) / denominator;
    double half =
        Z * Math.sqrt(share * (1 - share) / whole + Z * Z / (4.0 * whole * whole)) / denominator;
    // Rounding leaves some 1e-17 where an end is 0 or 1.
    return new WilsonInterval(
        part == 0 ? 0 : middle - half, part == whole ? 1 : Math.min(1, middle + half));
  }
}
