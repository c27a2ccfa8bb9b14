// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.metrics.ValidationMetrics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Something that happened in a training job, in MLflow's terms.
 *
 * @param step the round; no step of a metric is logged again that MLflow has
 * @param milliseconds when it happened, since the epoch
 * @param metrics by their names in MLflow
 * @param tags by their names in MLflow
 * @param validations the validation that it tells of, if it does
 */
record Event(
    long step,
    long milliseconds,
    Map<String, Double> metrics,
    Map<String, String> tags,
    List<ValidationMetrics> validations) {
  /** The tag with the location of the newest checkpoint. */
  static final String CHECKPOINT = "stoker.checkpoint";

  /** What the name of a metric may not contain. */
  private static final Pattern FORBIDDEN = Pattern.compile("[^A-Za-z0-9_. -]");

  /**
   * Training begins.
   *
   * @param round the round that it goes on from; 0 for a new job
   */
  static Event ofStart(long round) {
    return new Event(
        0,
        System.currentTimeMillis(),
        Map.of(),
        round == 0 ? Map.of() : Map.of("stoker.resumed_from_round", Long.toString(round)),
        List.of());
  }

  /** This event at another time. */
  Event at(long other) {
    return new Event(step, other, metrics, tags, validations);
  }

  static Event of(RoundMetrics round) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (RoundNumber number : RoundNumber.values()) {
      if (!number.mlflow().isEmpty()) {
        metrics.put(number.mlflow(), round.get(number));
      }
    }
    return new Event(round.round(), System.currentTimeMillis(), metrics, Map.of(), List.of());
  }

  static Event of(ValidationMetrics validation) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (SelectionMetric metric : SelectionMetric.values()) {
      double value = validation.value(metric);
      if (metric != SelectionMetric.AUTO && !Double.isNaN(value)) {
        metrics.put(name(validation.split(), metric), value);
      }
    }
    metrics.put(prefix(validation.split()) + "calibration_error", validation.calibrationError());
    return new Event(
        validation.round(), System.currentTimeMillis(), metrics, Map.of(), List.of(validation));
  }

  /** The name of a metric of validations, such as {@code validation/balanced_accuracy}. */
  static String name(String split, SelectionMetric metric) {
    return prefix(split)
        + (metric == SelectionMetric.LOG_LOSS ? "loss" : metric.toString().replace('-', '_'));
  }

  private static String prefix(String split) {
    return FORBIDDEN.matcher(split).replaceAll("_") + "/";
  }

  static Event ofCheckpoint(String location) {
    return new Event(
        0, System.currentTimeMillis(), Map.of(), Map.of(CHECKPOINT, location), List.of());
  }
}
