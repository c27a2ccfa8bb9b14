// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Division;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundMetrics;
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
    double examples = sum(rounds, RoundMetrics::examples);
    put("loss", sum(rounds, round -> round.loss() * round.examples()) / examples);
    put("loss_low", rounds.stream().mapToDouble(RoundMetrics::loss).min().orElseThrow());
    put("loss_high", rounds.stream().mapToDouble(RoundMetrics::loss).max().orElseThrow());
    put("accuracy", sum(rounds, round -> round.accuracy() * round.examples()) / examples);
    put("lr", last.lr());
    put("drift", sum(rounds, RoundMetrics::drift) / rounds.size());
    put("images_per_second", examples / sum(rounds, round -> round.seconds().total()));
    put("one_worker", examples / workers / sum(rounds, ChartData::workSeconds));
    phase("gather", rounds, PhaseSeconds::gather);
    phase("data", rounds, PhaseSeconds::data);
    phase("compute", rounds, PhaseSeconds::compute);
    phase("scatter", rounds, PhaseSeconds::scatter);
    phase("average", rounds, PhaseSeconds::average);
    phase("checkpoint", rounds, PhaseSeconds::checkpoint);
    phase("other", rounds, ChartData::otherSeconds);
  }

  /** The time in which a worker reads data and computes, without the exchange with others. */
  private static double workSeconds(RoundMetrics round) {
    return round.seconds().data() + round.seconds().compute();
  }

  private static double otherSeconds(PhaseSeconds seconds) {
    double known =
        seconds.gather()
            + seconds.data()
            + seconds.compute()
            + seconds.scatter()
            + seconds.average()
            + seconds.checkpoint();
    return Math.max(0, seconds.total() - known);
  }

  private void phase(
      String name, List<RoundMetrics> rounds, ToDoubleFunction<PhaseSeconds> seconds) {
    put(
        json.withObject("/seconds").withArray(name),
        sum(rounds, round -> seconds.applyAsDouble(round.seconds())) / rounds.size());
  }

  private static double sum(List<RoundMetrics> rounds, ToDoubleFunction<RoundMetrics> value) {
    return rounds.stream().mapToDouble(value).sum();
  }

  private void put(String name, double value) {
    put(json.withArray(name), value);
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
