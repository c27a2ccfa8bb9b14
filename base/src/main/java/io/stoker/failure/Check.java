// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;

/** Checks of what a user handed in, one condition a call. */
public final class Check {
  private Check() {}

  /**
   * Checks one condition on a user's input.
   *
   * @param condition what must hold
   * @param message a {@link String#format} pattern such as "Invalid batch size: %d (must be >= 1)"
   * @param arguments the pattern's arguments
   * @throws InputException if the condition does not hold
   */
  @FormatMethod
  public static void input(boolean condition, String message, Object... arguments) {
    if (!condition) {
      throw new InputException(String.format(Locale.ROOT, message, arguments));
    }
  }

  /**
   * Checks one condition on data that Stoker wrote.
   *
   * @param condition what must hold
   * @param message a {@link String#format} pattern
   * @param arguments the pattern's arguments
   * @throws DamagedException if the condition does not hold
   */
  @FormatMethod
  public static void undamaged(boolean condition, String message, Object... arguments) {
    if (!condition) {
      throw new DamagedException(String.format(Locale.ROOT, message, arguments));
    }
  }
}
