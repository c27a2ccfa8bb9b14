// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.round.TrainResult;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/** What a study can make small next to making its metric good. */
public enum Cost {
  /** The number of parameters of the model. */
  PARAMETERS("parameters") {
    @Override
    double of(TrainResult trained, List<ValidationMetrics> validations) {
      return trained.parameters();
    }
  },

  /**
   * Milliseconds per image of the trial's fastest validation. It is measured, so it depends on the
   * cluster, and on what else runs there.
   */
  INFERENCE_TIME("ms per image") {
    @Override
    double of(TrainResult trained, List<ValidationMetrics> validations) {
      return validations.stream()
          .mapToDouble(each -> 1000 * each.seconds() / each.examples())
          .min()
          .orElse(0);
    }
  };

  private final String unit;

  Cost(String unit) {
    this.unit = unit;
  }

  abstract double of(TrainResult trained, List<ValidationMetrics> validations);

  /**
   * A cost by its name.
   *
   * @throws io.stoker.failure.InputException if there is none of this name
   */
  @JsonCreator
  public static Cost parse(String name) {
    return Suggestion.choose("cost", name, List.of(values()), Cost::toString);
  }

  /** A value in words, such as "44,426 parameters". */
  public String text(double value) {
    return String.format(Locale.ROOT, this == PARAMETERS ? "%,.0f %s" : "%.4f %s", value, unit);
  }

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
