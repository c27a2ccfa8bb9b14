// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;

/** The settings that steps and model files hold in fp32. */
final class Fp32 {
  private Fp32() {}

  /**
   * Makes sure that a setting means the same in fp32: it is not rounded to zero or to infinity.
   *
   * @param what its name for the error
   * @throws io.stoker.failure.InputException if it does not
   */
  static void require(double value, String what) {
    float rounded = (float) value;
    Check.input(
        Float.isFinite(rounded) && (rounded != 0 || value == 0),
        "Invalid %s: %s (as a 32-bit float it is %s; use a value between %s and %s)",
        what,
        value,
        rounded,
        Float.MIN_VALUE,
        Float.MAX_VALUE);
  }
}
