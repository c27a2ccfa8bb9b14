// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Which numbers an option may have, such as {@code >= 0 and < 1} or {@code -1 or >= 1}: comparisons
 * that are joined by "and", and these by "or". A number with a fraction must be within the range of
 * a float, and the rule must hold for the nearest float too, because steps are computed with it.
 *
 * @param text the rule
 * @param choices of which one must hold; each is comparisons that must all hold
 */
public record ValueRule(String text, List<List<Comparison>> choices) implements Serializable {
  /**
   * Compares with a number.
   *
   * @param operator one of {@code >=}, {@code >}, {@code <=}, {@code <} and {@code =}
   * @param number the right side
   */
  record Comparison(String operator, double number) implements Serializable {
    static Comparison parse(String text) {
      String[] words = text.strip().split(" ", -1);
      return words.length == 1
          ? new Comparison("=", Double.parseDouble(words[0]))
          : new Comparison(words[0], Double.parseDouble(words[1]));
    }

    boolean holds(double value) {
      return switch (operator) {
        case ">=" -> value >= number;
        case ">" -> value > number;
        case "<=" -> value <= number;
        case "<" -> value < number;
        case "=" -> value == number;
        default -> throw new IllegalStateException("Unknown comparison: " + operator);
      };
    }
  }

  /** Reads a rule. */
  static ValueRule parse(String text) {
    return new ValueRule(
        text,
        Arrays.stream(text.split(" or ", -1))
            .map(choice -> Arrays.stream(choice.split(" and ", -1)).map(Comparison::parse).toList())
            .toList());
  }

  /** Whether a value keeps to the rule. */
  public boolean holds(Number value) {
    if (!(value instanceof Double)) {
      return holds(value.doubleValue());
    }
    return Float.isFinite(value.floatValue())
        && holds(value.doubleValue())
        && holds(value.floatValue());
  }

  private boolean holds(double value) {
    return choices.stream()
        .anyMatch(all -> all.stream().allMatch(comparison -> comparison.holds(value)));
  }
}
