// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import java.util.Locale;

/**
 * Text as a terminal may show it. Names of classes and files come from data, and a terminal obeys
 * the control characters in them: they can change its title, overwrite other lines, or reorder what
 * is read. They are shown as Java and JSON write them, such as {@code \u001b} for an escape.
 */
public final class TerminalText {
  /**
   * Invisible characters that say how the text next to them is shown, other than the bidi controls.
   */
  private static final String INVISIBLE = "\u200b\u2060\u2061\u2062\u2063\u2064\ufeff";

  private TerminalText() {}

  /**
   * Escapes a text that is shown on one line: line breaks and tabs too.
   *
   * @return the text itself where nothing in it must be escaped
   */
  public static String escapeLine(String text) {
    return escape(text, "");
  }

  /**
   * Escapes a text of several lines, whose line feeds and tabs remain.
   *
   * @return the text itself where nothing in it must be escaped
   */
  public static String escapeLines(String text) {
    return escape(text, "\n\t");
  }

  private static String escape(String text, String allowed) {
    if (text.codePoints().allMatch(point -> isSafe(point, allowed))) {
      return text;
    }
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            point -> {
              if (isSafe(point, allowed)) {
                escaped.appendCodePoint(point);
              } else {
                append(escaped, point);
              }
            });
    return escaped.toString();
  }

  private static boolean isSafe(int point, String allowed) {
    if (allowed.indexOf(point) >= 0) {
      return true;
    }
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      case Character.FORMAT -> !isBidirectionalControl(point) && INVISIBLE.indexOf(point) < 0;
      default -> true;
    };
  }

  /** The characters with the property Bidi_Control of the Unicode standard, annex 9. */
  private static boolean isBidirectionalControl(int point) {
    return point == 0x061c
        || point == 0x200e
        || point == 0x200f
        || (point >= 0x202a && point <= 0x202e)
        || (point >= 0x2066 && point <= 0x2069);
  }

  private static void append(StringBuilder escaped, int point) {
    switch (point) {
      case '\n' -> escaped.append("\\n");
      case '\r' -> escaped.append("\\r");
      case '\t' -> escaped.append("\\t");
      default -> {
        for (char unit : Character.toChars(point)) {
          escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
        }
      }
    }
  }
}
