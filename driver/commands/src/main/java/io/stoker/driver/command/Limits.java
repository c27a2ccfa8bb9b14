// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.failure.Check;

/** Checks numbers on the command line, by the names of their options. */
public final class Limits {
  private Limits() {}

  /**
   * Checks a number.
   *
   * @param option the option's name, such as {@code --batch}
   * @param value what was given
   * @param least what it must not be below
   * @throws io.stoker.failure.InputException if it is below
   */
  public static void atLeast(String option, long value, long least) {
    Check.input(value >= least, "Invalid %s: %d (must be >= %d)", option, value, least);
  }
}
