// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.models.engine.Precision;
import java.util.List;
import java.util.Optional;

/**
 * The best validation of a run, whose checkpoint is what the run's name means.
 *
 * @param validation the validation
 * @param metric by which it is the best
 * @param precision in which it was computed
 */
public record BestValidation(
    ValidationMetrics validation, SelectionMetric metric, Precision precision) {
  /**
   * The best one of a run.
   *
   * @param validations those of the run
   * @param config the run's
   * @return empty if there are none
   */
  public static Optional<BestValidation> of(
      List<ValidationMetrics> validations, TrainingConfig config) {
    return of(validations, config.validation().metric().ofBest(), config.arithmetic().precision());
  }

  /** The most accurate one of a run whose record cannot be read. */
  public static Optional<BestValidation> mostAccurate(List<ValidationMetrics> validations) {
    return of(validations, SelectionMetric.ACCURACY, Precision.FP32);
  }

  private static Optional<BestValidation> of(
      List<ValidationMetrics> validations, SelectionMetric metric, Precision precision) {
    return ValidationMetrics.best(validations, metric)
        .map(best -> new BestValidation(best, metric, precision));
  }

  /** The value of the metric. */
  public double value() {
    return validation.value(metric);
  }

  /** The metric and its value in words, such as "balanced accuracy 36.10 %". */
  public String metricText() {
    return metric.text(value());
  }

  /** What was validated on, such as "validation", or "validation, bf16" if it was not in fp32. */
  public String splitText() {
    return validation.split() + (precision == Precision.FP32 ? "" : ", " + precision);
  }

  /** All of it in words: "the best of its run: balanced accuracy 36.10 % (validation, bf16)". */
  public String text() {
    return "the best of its run: %s (%s)".formatted(metricText(), splitText());
  }
}
