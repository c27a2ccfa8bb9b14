// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.base.Numbers;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many steps each worker takes between two averagings: a number, or one that grows as the
 * learning rate falls, by the quadratic synchronization rule (Gu et al., 2023, "A Quadratic
 * Synchronization Rule for Distributed Deep Learning", arXiv 2310.14423): {@code max(T, floor((A /
 * rate)^2))}.
 *
 * <p>The rate is that of an epoch's first step, and during the warm-up that of the warm-up's end;
 * the paper takes the rate of each round. A round never goes over the end of an epoch.
 *
 * @param least the number, or the least one of the rule, at least 1
 * @param coefficient A of the rule, in units of the learning rate, or 0 for a fixed number
 */
public record LocalSteps(int least, double coefficient) implements Serializable {
  private static final Pattern RULE = Pattern.compile("qsr:([0-9]{1,9}):([0-9.eE+-]{1,30})");

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,9}");

  public LocalSteps {
    Check.input(least >= 1, "Invalid local steps: %d (must be >= 1)", least);
    Check.input(
        coefficient >= 0 && Double.isFinite(coefficient),
        "Invalid coefficient of local steps: %s (must be > 0)",
        coefficient);
  }

  /** A fixed number. */
  public static LocalSteps of(int steps) {
    return new LocalSteps(steps, 0);
  }

  /**
   * Reads {@code T} or {@code qsr:T:A}.
   *
   * @throws InputException if the text is neither
   */
  public static LocalSteps parse(String text) {
    if (NUMBER.matcher(text).matches()) {
      return of(Integer.parseInt(text));
    }
    Matcher rule = RULE.matcher(text);
    if (rule.matches()) {
      try {
        double coefficient = Numbers.parseDouble(rule.group(2));
        Check.input(coefficient > 0, "Invalid local steps: '%s' (A of qsr:T:A must be > 0)", text);
        return new LocalSteps(Integer.parseInt(rule.group(1)), coefficient);
      } catch (NumberFormatException e) {
        throw invalid(text, e);
      }
    }
    throw invalid(text, null);
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static LocalSteps fromJson(JsonNode value) {
    Check.input(
        value.isTextual() || (value.canConvertToInt() && value.isIntegralNumber()),
        "Invalid local steps: %s (a number of steps, or qsr:T:A)",
        value);
    return parse(value.asText());
  }

  @JsonValue
  Object toJson() {
    return isFixed() ? least : toString();
  }

  private static InputException invalid(String text, Exception cause) {
    return new InputException(
        "Invalid local steps: '%s' (a number of steps, or qsr:T:A, such as qsr:4:0.02)"
            .formatted(text),
        cause);
  }

  /** Whether the number is the same in each round. */
  public boolean isFixed() {
    return coefficient == 0;
  }

  /**
   * The steps of a round.
   *
   * @param rate the learning rate
   * @param most the largest number that makes a difference
   */
  public int at(double rate, long most) {
    double ratio = coefficient / rate;
    double grown = Math.min(Math.floor(ratio * ratio), (double) Math.min(most, Integer.MAX_VALUE));
    return isFixed() ? least : (int) Math.max(least, grown);
  }

  @Override
  public String toString() {
    return isFixed() ? Integer.toString(least) : "qsr:" + least + ":" + coefficient;
  }
}
