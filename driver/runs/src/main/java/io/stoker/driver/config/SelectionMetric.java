// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/**
 * The number by which a job compares its validations: it decides which checkpoint is the best, when
 * training ends early, and when a plateau schedule lowers the rate.
 */
public enum SelectionMetric {
  /**
   * Not chosen. A job that begins with weighted or balanced classes then takes {@link
   * #BALANCED_ACCURACY}. All others, and jobs of earlier releases, take the accuracy for the best
   * checkpoint and the loss for a plateau schedule.
   */
  AUTO,

  /** The share of examples that are classified right. */
  ACCURACY,

  /** The mean over the classes of the share of their examples that are classified right. */
  BALANCED_ACCURACY,

  /** The mean over the classes of the harmonic mean of precision and recall. */
  MACRO_F1,

  /** The mean cross-entropy, in nats; lower is better. */
  LOG_LOSS;

  /**
   * A metric by the name that options and {@code run.json} have.
   *
   * @throws InputException if there is none of this name
   */
  public static SelectionMetric parse(String name) {
    return Suggestion.choose("metric", name, List.of(values()), SelectionMetric::toString);
  }

  /** The metric of the best checkpoint: the accuracy if none was chosen. */
  public SelectionMetric ofBest() {
    return this == AUTO ? ACCURACY : this;
  }

  /** The metric of a plateau schedule: the loss if none was chosen. */
  public SelectionMetric ofPlateau() {
    return this == AUTO ? LOG_LOSS : this;
  }

  /** Whether a lower value is better. */
  public boolean isLoss() {
    return this == LOG_LOSS;
  }

  /** The metric in words, such as "balanced accuracy". */
  public String label() {
    return this == MACRO_F1 ? "macro F1" : toString().replace('-', ' ');
  }

  /** A value in words, such as "balanced accuracy 36.10 %" or "log loss 0.4210". */
  public String text(double value) {
    return isLoss()
        ? String.format(Locale.ROOT, "%s %.4f", label(), value)
        : String.format(Locale.ROOT, "%s %.2f %%", label(), 100 * value);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
