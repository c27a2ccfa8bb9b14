// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/** Which parameters of a model file are used to predict. */
public enum ParameterChoice {
  /** The moving average over the steps of training where the file has one, else the last ones. */
  BEST,
  /** The moving average over the steps of training ({@code train --ema}). */
  EMA,
  /** The parameters after the last step, with which training goes on. */
  LAST;

  /**
   * The choice of a name, such as {@code last}.
   *
   * @throws io.stoker.failure.InputException if there is none
   */
  public static ParameterChoice parse(String name) {
    return Suggestion.choose(
        "parameters", name, List.of(values()), choice -> choice.name().toLowerCase(Locale.ROOT));
  }
}
