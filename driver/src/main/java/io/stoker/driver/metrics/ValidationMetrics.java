// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.failure.Check;
import java.util.Comparator;
import java.util.List;
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
  "seconds"
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
    double seconds) {
  /** The more accurate one is better, of equals the one with the lower loss, then the earlier. */
  private static final Comparator<ValidationMetrics> QUALITY =
      Comparator.comparingDouble(ValidationMetrics::accuracy)
          .thenComparing(Comparator.comparingDouble(ValidationMetrics::logLoss).reversed())
          .thenComparing(Comparator.comparingLong(ValidationMetrics::round).reversed());

  public ValidationMetrics {
    Check.undamaged(
        round >= 1 && accuracy >= 0 && accuracy <= 1 && split != null,
        "Invalid validation: round %s, accuracy %s",
        round,
        accuracy);
  }

  /** The best of them; none of none. */
  public static Optional<ValidationMetrics> best(List<ValidationMetrics> validations) {
    return validations.stream().max(QUALITY);
  }

  /** How many of them came after the best one. */
  public static int sinceBest(List<ValidationMetrics> validations) {
    return best(validations)
        .map(best -> (int) validations.stream().filter(v -> v.round() > best.round()).count())
        .orElse(0);
  }
}
