// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import io.stoker.driver.averaging.RoundReport;
import io.stoker.failure.Check;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One round as a line of {@code metrics.jsonl}: a value for each {@link RoundNumber}, and what
 * there is to say of single workers.
 */
@JsonSerialize(using = RoundLine.Writer.class)
@JsonDeserialize(using = RoundLine.Reader.class)
public final class RoundMetrics {
  private final double[] values;
  private final RoundWorkers workers;

  private RoundMetrics(double[] values, RoundWorkers workers) {
    this.values = values;
    this.workers = workers;
    Check.undamaged(
        round() >= 1 && epoch() >= 1 && epoch() <= round() && step() >= 0 && examples() >= 0,
        "Invalid round: round %s, epoch %s, step %s, %s examples",
        round(),
        epoch(),
        step(),
        examples());
  }

  /** A round of some values; all others are 0. */
  public static RoundMetrics of(Map<RoundNumber, ? extends Number> values) {
    return of(values, RoundWorkers.ALL);
  }

  /** A round of some values. */
  public static RoundMetrics of(Map<RoundNumber, ? extends Number> values, RoundWorkers workers) {
    double[] all = new double[RoundNumber.values().length];
    values.forEach((number, value) -> all[number.index()] = value.doubleValue());
    return new RoundMetrics(all, workers);
  }

  /**
   * What executors have reported of a round, and what the training loop knows.
   *
   * @param known the values that no executor knows
   * @param workers what there is to say of single workers
   */
  public static RoundMetrics of(
      RoundReport report, Map<RoundNumber, ? extends Number> known, RoundWorkers workers) {
    double[] all = new double[RoundNumber.values().length];
    for (RoundNumber number : RoundNumber.values()) {
      Number value = known.get(number);
      all[number.index()] = value == null ? number.of(report) : value.doubleValue();
    }
    return new RoundMetrics(all, workers);
  }

  /** This round with another value of a number. */
  public RoundMetrics with(RoundNumber number, Number value) {
    double[] changed = values.clone();
    changed[number.index()] = value.doubleValue();
    return new RoundMetrics(changed, workers);
  }

  /** A number of the round. */
  public double get(RoundNumber number) {
    return values[number.index()];
  }

  /** What there is to say of single workers. */
  public RoundWorkers workers() {
    return workers;
  }

  /** The workers without which the round has ended, in their order; see {@code --quorum}. */
  public List<Integer> absent() {
    return workers.absent();
  }

  /** The round, from 1. */
  public int round() {
    return (int) get(RoundNumber.ROUND);
  }

  /** The epoch that it belongs to, from 1. */
  public int epoch() {
    return (int) get(RoundNumber.EPOCH);
  }

  /** Local steps since the job began, including those of this round. */
  public long step() {
    return (long) get(RoundNumber.STEP);
  }

  /** The number of examples that this round trained on. */
  public long examples() {
    return (long) get(RoundNumber.EXAMPLES);
  }

  /** Examples since the job began, including those of this round. */
  public long examplesTotal() {
    return (long) get(RoundNumber.EXAMPLES_TOTAL);
  }

  /** See {@link RoundNumber#LOSS}. */
  public double loss() {
    return get(RoundNumber.LOSS);
  }

  /** See {@link RoundNumber#ACCURACY}. */
  public double accuracy() {
    return get(RoundNumber.ACCURACY);
  }

  /** See {@link RoundNumber#LR}. */
  public float lr() {
    return (float) get(RoundNumber.LR);
  }

  /** See {@link RoundNumber#IMAGES_PER_SECOND}. */
  public double imagesPerSecond() {
    return get(RoundNumber.IMAGES_PER_SECOND);
  }

  /** This round's time by phase. */
  public PhaseSeconds seconds() {
    return new PhaseSeconds(
        get(RoundNumber.GATHER),
        get(RoundNumber.DATA),
        get(RoundNumber.COMPUTE),
        get(RoundNumber.SCATTER),
        get(RoundNumber.AVERAGE),
        get(RoundNumber.CHECKPOINT),
        get(RoundNumber.TOTAL));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RoundMetrics same
        && Arrays.equals(values, same.values)
        && workers.equals(same.workers);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "round " + round() + ": " + Arrays.toString(values);
  }
}
