// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A rung of successive halving (Jamieson and Talwalkar, 2016, "Non-stochastic Best Arm
 * Identification and Hyperparameter Optimization"): the trials that get there train to its epochs.
 *
 * @param epochs epochs since a trial began
 * @param trials how many trials get there
 */
public record Rung(int epochs, int trials) {
  /**
   * The rungs of a study: each has one in {@code factor} of the trials of the one below it, and
   * about as many times its epochs, up to the epochs of a whole training.
   *
   * @param trials of the study
   * @param epochs of a whole training
   * @param factor 1 for a single rung: all trials are trained whole
   */
  static List<Rung> of(int trials, int epochs, int factor) {
    Check.input(trials >= 1, "Invalid --trials: %d (must be >= 1)", trials);
    Check.input(
        trials <= Sampler.MOST_TRIALS,
        "Invalid --trials: %d (must be at most %d)",
        trials,
        Sampler.MOST_TRIALS);
    Check.input(factor >= 1, "Invalid --halving: %d (must be >= 1; 1 for none)", factor);
    List<Integer> ends = new ArrayList<>();
    ends.add(epochs);
    int left = trials;
    while (factor > 1 && left / factor >= 1 && ends.get(ends.size() - 1) > 1) {
      ends.add(Math.max(1, Math.round((float) ends.get(ends.size() - 1) / factor)));
      left /= factor;
    }
    Collections.reverse(ends);
    List<Rung> rungs = new ArrayList<>();
    left = trials;
    for (int end : ends) {
      rungs.add(new Rung(end, left));
      left /= factor;
    }
    return rungs;
  }
}
