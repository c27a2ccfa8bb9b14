// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.util.regex.Pattern;

/**
 * Reads the numbers that people write in options and files: in decimal, with Latin digits. Java
 * reads whole numbers in the digits of every script, and other numbers in hexadecimal and with a
 * letter for their type.
 */
public final class Numbers {
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");

  private static final Pattern REAL =
      Pattern.compile("[+-]?(NaN|Infinity|([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?)");

  private Numbers() {}

  /**
   * Reads an int.
   *
   * @throws NumberFormatException if it is none; its message says why
   */
  public static int parseInt(String text) {
    return (int) parseLong(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /**
   * Reads a long.
   *
   * @throws NumberFormatException if it is none; its message says why
   */
  public static long parseLong(String text) {
    return parseLong(text, Long.MIN_VALUE, Long.MAX_VALUE);
  }

  private static long parseLong(String text, long smallest, long largest) {
    if (!WHOLE.matcher(text).matches()) {
      throw new NumberFormatException("'%s' is not a whole number".formatted(text));
    }
    try {
      long value = Long.parseLong(text);
      if (value >= smallest && value <= largest) {
        return value;
      }
    } catch (NumberFormatException e) { // It has too many digits.
      throw tooLarge(text, smallest, largest);
    }
    throw tooLarge(text, smallest, largest);
  }

  private static NumberFormatException tooLarge(String text, long smallest, long largest) {
    return new NumberFormatException(
        "%s is not between %s and %s".formatted(text, smallest, largest));
  }

  /**
   * Reads a number that need not be whole.
   *
   * @throws NumberFormatException if it is none; its message says so
   */
  public static double parseDouble(String text) {
    if (!REAL.matcher(text).matches()) {
      throw new NumberFormatException("'%s' is not a number".formatted(text));
    }
    return Double.parseDouble(text);
  }
}
