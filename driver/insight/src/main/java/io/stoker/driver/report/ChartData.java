// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Division;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The arrays that charts of a run are drawn from. Their size is bounded: in a long run a point is
 * the mean of several rounds, and of the loss the least and greatest values are kept too, so that
 * no spike is lost.
 */
final class ChartData {
  /** More points would be narrower than a pixel. */
  static final int MAXIMUM_POINTS = 1000;

  private static final MathContext DIGITS = new MathContext(5);

  private final ObjectNode json = JsonNodeFactory.instance.objectNode();
  private final int workers;

  private ChartData(int workers) {
    this.workers = workers;
  }

  /**
   * Makes the arrays, all of one length, by name.
   *
   * @param rounds the rounds, in order
   * @param workers the number of the job's workers
   */
  static ObjectNode of(List<RoundMetrics> rounds, int workers) {
    ChartData curves = new ChartData(workers);
    int step = Math.max(1, Division.ceiling(rounds.size(), MAXIMUM_POINTS));
    curves.json.put("rounds_per_point", step);
    for (int from = 0; from < rounds.size(); from += step) {
      curves.add(rounds.subList(from, Math.min(rounds.size(), from + step)));
    }
    return curves.json;
  }

  private void add(List<RoundMetrics> rounds) {
    RoundMetrics last = rounds.get(rounds.size() - 1);
    json.withArray("round").add(last.round());
    json.withArray("epoch").add(last.epoch());
    for (RoundNumber number : RoundNumber.values()) {
      if (number.point() != RoundNumber.Point.NONE) {
        put(number.key(), point(rounds, number));
      }
      if (number == RoundNumber.LOSS) {
        put("loss_low", rounds.stream().mapToDouble(RoundMetrics::loss).min().orElseThrow());
        put("loss_high", rounds.stream().mapToDouble(RoundMetrics::loss).max().orElseThrow());
      }
    }
    double examples = sum(rounds, RoundMetrics::examples);
    put("images_per_second", examples / sum(rounds, RoundNumber.TOTAL));
    put("one_worker", examples / workers / sum(rounds, ChartData::workSeconds));
    for (RoundNumber phase : RoundNumber.PHASES) {
      if (phase != RoundNumber.TOTAL) {
        putSeconds(phase.key(), sum(rounds, phase) / rounds.size());
      }
    }
    putSeconds("other", sum(rounds, ChartData::otherSeconds) / rounds.size());
  }

  private static double point(List<RoundMetrics> rounds, RoundNumber number) {
    return switch (number.point()) {
      case NONE, LAST -> rounds.get(rounds.size() - 1).get(number);
      case MEAN -> sum(rounds, number) / rounds.size();
      case BY_EXAMPLES ->
          sum(rounds, round -> round.get(number) * round.examples())
              / sum(rounds, RoundMetrics::examples);
    };
  }

  /** The time in which a worker reads data and computes, without the exchange with others. */
  private static double workSeconds(RoundMetrics round) {
    return round.get(RoundNumber.DATA) + round.get(RoundNumber.COMPUTE);
  }

  private static double otherSeconds(RoundMetrics round) {
    double known = 0;
    for (RoundNumber phase : RoundNumber.PHASES) {
      known += phase == RoundNumber.TOTAL ? 0 : round.get(phase);
    }
    return Math.max(0, round.get(RoundNumber.TOTAL) - known);
  }

  private static double sum(List<RoundMetrics> rounds, RoundNumber number) {
    return sum(rounds, round -> round.get(number));
  }

  private static double sum(List<RoundMetrics> rounds, ToDoubleFunction<RoundMetrics> value) {
    return rounds.stream().mapToDouble(value).sum();
  }

  private void put(String name, double value) {
    put(json.withArray(name), value);
  }

  private void putSeconds(String name, double value) {
    put(json.withObject("/seconds").withArray(name), value);
  }

  /** Puts a number that JSON can hold, else null. */
  static void put(ObjectNode object, String name, double value) {
    if (Double.isFinite(value)) {
      object.put(name, value);
    } else {
      object.putNull(name);
    }
  }

  private static void put(ArrayNode array, double value) {
    if (Double.isFinite(value)) {
      array.add(new BigDecimal(value).round(DIGITS).doubleValue());
    } else {
      array.addNull();
    }
  }
}
