// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import io.stoker.failure.InputException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The losses of a range test, and what learning rate they suggest.
 *
 * @param points one for each round, until training diverged
 */
public record RateCurve(List<Point> points) {
  /** The share of the smoothed loss that comes from earlier rounds. */
  private static final double SMOOTHING = 0.8;

  /** Training has diverged where the smoothed loss is this many times the lowest so far. */
  private static final double DIVERGED = 4;

  /** The suggestion is the rate with the lowest smoothed loss, divided by this. */
  static final double BELOW_LOWEST = 2;

  private static final MathContext DIGITS = new MathContext(2);

  /** What the suggestion is, for people. */
  public static final String RULE = "half of the rate with the lowest smoothed loss";

  /**
   * One round.
   *
   * @param rate the learning rate
   * @param loss the mean loss of the round
   * @param smoothed the moving average of the losses up to this round, without the bias of its
   *     beginning
   */
  public record Point(double rate, double loss, double smoothed) {}

  public RateCurve {
    points = List.copyOf(points);
  }

  /**
   * The curve of some rounds.
   *
   * @param rates the rate of each, rising
   * @param losses the loss of each
   * @throws InputException if training did not get better at any rate
   */
  public static RateCurve of(List<Double> rates, List<Double> losses) {
    RateCurve curve = new RateCurve(smoothed(rates, losses));
    if (curve.points.size() < 2 || curve.lowest().equals(curve.points.get(0))) {
      throw new InputException(
          String.format(
              Locale.ROOT,
              "No rate from %s on made the loss lower: it was %s in the first round (try a lower"
                  + " --from, or another model)",
              rates.get(0),
              losses.get(0)));
    }
    return curve;
  }

  private static List<Point> smoothed(List<Double> rates, List<Double> losses) {
    List<Point> points = new ArrayList<>();
    double average = 0;
    double lowest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < losses.size(); i++) {
      average = SMOOTHING * average + (1 - SMOOTHING) * losses.get(i);
      double smoothed = average / (1 - Math.pow(SMOOTHING, i + 1.0));
      if (!Double.isFinite(smoothed) || smoothed > DIVERGED * lowest) {
        break;
      }
      lowest = Math.min(lowest, smoothed);
      points.add(new Point(rates.get(i), losses.get(i), smoothed));
    }
    return points;
  }

  /** The point with the lowest smoothed loss. */
  public Point lowest() {
    return points.stream().min(Comparator.comparingDouble(Point::smoothed)).orElseThrow();
  }

  /** The suggested rate, with two digits. */
  public double suggestion() {
    return new BigDecimal(lowest().rate() / BELOW_LOWEST).round(DIGITS).doubleValue();
  }

  /** Where a rate is among those of the points, in points from the first. */
  public double position(double rate) {
    double first = points.get(0).rate();
    double last = points.get(points.size() - 1).rate();
    return Math.log(rate / first) / Math.log(last / first) * (points.size() - 1);
  }
}
