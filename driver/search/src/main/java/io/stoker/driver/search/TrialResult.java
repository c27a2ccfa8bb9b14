// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.stoker.failure.Check;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * What became of a trial on a rung.
 *
 * @param trial its number, from 0
 * @param rung from 0
 * @param epochs epochs that it was trained in all
 * @param state how it ended
 * @param value the metric on the validation split; of a trial that failed, 0
 * @param shortfall how far from perfect the value is; the largest number for a trial that failed
 * @param parametersSha256 the hash of its parameters; empty for a trial that failed
 * @param seconds what this rung took
 * @param reason why it failed; empty if it did not
 * @param costs what the study makes small, in the order of its plan; empty for a trial that failed
 */
public record TrialResult(
    @JsonProperty(required = true) int trial,
    @JsonProperty(required = true) int rung,
    @JsonProperty(required = true) int epochs,
    @JsonProperty(required = true) State state,
    @JsonProperty(required = true) double value,
    @JsonProperty(required = true) double shortfall,
    @JsonProperty(required = true) String parametersSha256,
    @JsonProperty(required = true) double seconds,
    @JsonProperty(required = true) String reason,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Double> costs) {
  public TrialResult {
    Check.undamaged(state != null && reason != null, "Invalid result: a field is missing");
    costs = costs == null ? List.of() : List.copyOf(costs); // Earlier releases had none.
  }

  /** How a trial can end. */
  public enum State {
    DONE,
    DIVERGED,
    FAILED;

    /** Its name in what a study writes for others. */
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The best result first; of equal ones that of the earlier trial. */
  public static final Comparator<TrialResult> BEST_FIRST =
      Comparator.comparingDouble(TrialResult::shortfall).thenComparingInt(TrialResult::trial);

  /** The name of its file. */
  String file() {
    return String.format(Locale.ROOT, "%06d-%d.json", trial, rung);
  }

  static TrialResult failed(
      int trial, int rung, int epochs, State state, double seconds, String reason) {
    return new TrialResult(
        trial, rung, epochs, state, 0, Double.MAX_VALUE, "", seconds, reason, List.of());
  }

  /** Whether it was trained and validated. */
  @JsonIgnore
  public boolean isDone() {
    return state == State.DONE;
  }
}
