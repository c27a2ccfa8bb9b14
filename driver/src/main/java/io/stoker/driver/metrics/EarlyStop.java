// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a training ends before its last epoch: its validations no longer get better.
 *
 * @param best the best validation
 * @param later how many validations there were after it
 */
public record EarlyStop(ValidationMetrics best, int later) {
  /**
   * Whether a run is to end.
   *
   * @param patience after how many validations without a better one; 0 for never
   * @param validations all validations of the run so far
   */
  public static Optional<EarlyStop> of(int patience, List<ValidationMetrics> validations) {
    int later = ValidationMetrics.sinceBest(validations);
    return patience > 0 && later >= patience
        ? ValidationMetrics.best(validations).map(best -> new EarlyStop(best, later))
        : Optional.empty();
  }

  /** The reason in words, such as "3 validations after that of round 12 ... were no better". */
  public String reason() {
    return String.format(
        Locale.ROOT,
        "%d validation%s after that of round %d (accuracy %.2f %%) %s no better",
        later,
        later == 1 ? "" : "s",
        best.round(),
        100 * best.accuracy(),
        later == 1 ? "was" : "were");
  }
}
