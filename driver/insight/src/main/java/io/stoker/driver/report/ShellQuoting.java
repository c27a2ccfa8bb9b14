// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

/** Quotes arguments for a POSIX shell. */
public final class ShellQuoting {
  private ShellQuoting() {}

  /** Quotes an argument, if it has characters that a shell would interpret. */
  public static String quote(String word) {
    return word.matches("[A-Za-z0-9_./:@%+=-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
