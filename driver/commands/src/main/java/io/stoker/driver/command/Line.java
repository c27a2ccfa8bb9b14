// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;

/** Text for people, with numbers in the same form whatever the language of the machine. */
public final class Line {
  private Line() {}

  /**
   * Fills in a pattern; 12345.678 is {@code 12,345.68} for {@code %,.2f} everywhere.
   *
   * @param pattern a {@link String#format} pattern
   * @param arguments the pattern's arguments
   */
  @FormatMethod
  public static String of(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }

  /** A share as a percentage with two decimals. */
  public static String percent(double share) {
    return of("%.2f %%", 100 * share);
  }
}
