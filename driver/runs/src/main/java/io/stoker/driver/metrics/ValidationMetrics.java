// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.failure.Check;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a checkpoint of a run did on a split that is not trained on.
 *
 * @param round rounds that were done
 * @param epoch whole epochs that were done
 * @param examplesTotal examples since the job began
 * @param split the split
 * @param examples its examples
 * @param accuracy the share that is classified right
 * @param logLoss mean cross-entropy, in nats
 * @param calibrationError the expected calibration error
 * @param seconds what it took, from opening the checkpoint to the counts
 * @param balancedAccuracy the mean over the classes of the share of their examples that are
 *     classified right; NaN if it was not recorded, as in earlier releases
 * @param macroF1 the mean over the classes of F1; NaN likewise
 */
@JsonPropertyOrder({
  "round",
  "epoch",
  "examples_total",
  "split",
  "examples",
  "accuracy",
  "log_loss",
  "calibration_error",
  "seconds",
  "balanced_accuracy",
  "macro_f1"
})
public record ValidationMetrics(
    long round,
    long epoch,
    long examplesTotal,
    String split,
    long examples,
    double accuracy,
    double logLoss,
    double calibrationError,
    double seconds,
    double balancedAccuracy,
    double macroF1) {
  /** What the records of earlier releases lack, by the names in JSON. */
  public static final Map<String, Double> ADDED =
      Map.of("balanced_accuracy", Double.NaN, "macro_f1", Double.NaN);

  public ValidationMetrics {
    Check.undamaged(
        round >= 1 && accuracy >= 0 && accuracy <= 1 && split != null,
        "Invalid validation: round %s, accuracy %s",
        round,
        accuracy);
    Check.undamaged(
        isShareOrNan(balancedAccuracy) && isShareOrNan(macroF1),
        "Invalid validation: balanced accuracy %s, macro F1 %s",
        balancedAccuracy,
        macroF1);
  }

  private static boolean isShareOrNan(double value) {
    return Double.isNaN(value) || (value >= 0 && value <= 1);
  }

  /** The value of a metric; NaN if it was not recorded. */
  public double value(SelectionMetric metric) {
    return switch (metric) {
      case AUTO, ACCURACY -> accuracy;
      case BALANCED_ACCURACY -> balancedAccuracy;
      case MACRO_F1 -> macroF1;
      case LOG_LOSS -> logLoss;
    };
  }

  /** How far it is from perfect by a metric: the loss, or the share that is missing to 1. */
  public double shortfall(SelectionMetric metric) {
    return metric.isLoss() ? logLoss : 1 - value(metric);
  }

  /**
   * The best of some validations by a metric: of equal ones that with the lower loss, then the
   * earlier. Empty if the metric was recorded of none of them.
   */
  public static Optional<ValidationMetrics> best(
      List<ValidationMetrics> validations, SelectionMetric metric) {
    return validations.stream()
        .filter(validation -> !Double.isNaN(validation.value(metric)))
        .min(
            Comparator.<ValidationMetrics>comparingDouble(each -> each.shortfall(metric))
                .thenComparingDouble(ValidationMetrics::logLoss)
                .thenComparingLong(ValidationMetrics::round));
  }
}
