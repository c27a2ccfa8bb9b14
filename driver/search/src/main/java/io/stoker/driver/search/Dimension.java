// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;

/** An option that a study varies, and its values by a position from 0 to 1. */
public sealed interface Dimension {
  /** The option, without hyphens before it. */
  String name();

  /**
   * The value at a position.
   *
   * @param position 0 to below 1
   */
  JsonNode at(double position);

  /** A position of a value that {@link #at} gave, up to rounding. */
  double position(JsonNode value);

  /** Values that are to be tried before the study begins: all choices, or both ends. */
  List<JsonNode> corners();

  /**
   * One of some values.
   *
   * @param values at least two
   */
  record Choice(String name, List<JsonNode> values) implements Dimension {
    public Choice {
      values = List.copyOf(values);
    }

    @Override
    public JsonNode at(double position) {
      return values.get(index(position));
    }

    @Override
    public double position(JsonNode value) {
      return (values.indexOf(value) + 0.5) / values.size();
    }

    int index(double position) {
      return Math.min(values.size() - 1, (int) (position * values.size()));
    }

    @Override
    public List<JsonNode> corners() {
      return values;
    }
  }

  /**
   * A number between two bounds.
   *
   * @param whole whether it is an integer
   * @param logarithmic whether equal factors are equally far apart
   */
  record Range(String name, double from, double to, boolean whole, boolean logarithmic)
      implements Dimension {
    /** More digits of a rate change nothing that can be measured. */
    private static final MathContext DIGITS = new MathContext(4);

    @Override
    public JsonNode at(double position) {
      double value =
          logarithmic
              // high / low may be infinite
              ? Math.pow(low(), 1 - position) * Math.pow(high(), position)
              : low() + (high() - low()) * position;
      return whole
          ? JsonNodeFactory.instance.numberNode(
              (long) Math.max(from, Math.min(to, Math.rint(value))))
          : number(new BigDecimal(value).round(DIGITS).doubleValue());
    }

    @Override
    public double position(JsonNode value) {
      double low = scaled(low());
      return (scaled(value.doubleValue()) - low) / (scaled(high()) - low);
    }

    private double scaled(double value) {
      return logarithmic ? Math.log(value) : value;
    }

    /** An integer has the same share of positions as any other one. */
    private double low() {
      return whole ? from - 0.5 : from;
    }

    private double high() {
      return whole ? to + 0.5 : to;
    }

    private JsonNode number(double value) {
      return JsonNodeFactory.instance.numberNode(Math.max(from, Math.min(to, value)));
    }

    @Override
    public List<JsonNode> corners() {
      return whole
          ? List.of(
              JsonNodeFactory.instance.numberNode((long) from),
              JsonNodeFactory.instance.numberNode((long) to))
          : List.of(number(from), number(to));
    }
  }
}
