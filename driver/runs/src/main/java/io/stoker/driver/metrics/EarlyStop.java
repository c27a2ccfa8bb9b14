// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.ValidationConfig;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a training ends before its last epoch: its validations no longer get better.
 *
 * @param best the best validation
 * @param metric by which it is the best
 * @param later how many validations there were after it
 */
public record EarlyStop(ValidationMetrics best, SelectionMetric metric, int later) {
  /**
   * Decides whether a run ends.
   *
   * @param config after how many validations without a better one, and by which metric
   * @param validations all validations of the run so far
   */
  public static Optional<EarlyStop> of(
      ValidationConfig config, List<ValidationMetrics> validations) {
    SelectionMetric metric = config.metric().ofBest();
    return ValidationMetrics.best(validations, metric)
        .map(
            best ->
                new EarlyStop(
                    best,
                    metric,
                    (int) validations.stream().filter(v -> v.round() > best.round()).count()))
        .filter(stop -> config.patience() > 0 && stop.later() >= config.patience());
  }

  /** The reason in words, such as "3 validations after that of round 12 ... were no better". */
  public String reason() {
    return String.format(
        Locale.ROOT,
        "%d validation%s after that of round %d (%s) %s no better",
        later,
        later == 1 ? "" : "s",
        best.round(),
        metric.text(best.value(metric)),
        later == 1 ? "was" : "were");
  }
}
