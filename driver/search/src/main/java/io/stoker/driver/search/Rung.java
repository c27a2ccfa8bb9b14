// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import io.stoker.failure.Check;
import java.util.ArrayList;
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
   * The rungs of some trials: each has one in {@code factor} of the trials of the one below it, and
   * about as many times its epochs, up to the epochs of a whole training.
   *
   * @param trials how many begin
   * @param epochs of a whole training
   * @param factor 1 for a single rung: all trials are trained whole
   * @param most how many rungs there may be
   */
  static List<Rung> of(int trials, int epochs, int factor, int most) {
    Check.input(trials >= 1, "Invalid --trials: %d (must be >= 1)", trials);
    Check.input(
        trials <= Sampler.MOST_TRIALS,
        "Invalid --trials: %d (must be at most %d)",
        trials,
        Sampler.MOST_TRIALS);
    Check.input(factor >= 1, "Invalid --halving: %d (must be >= 1; 1 for none)", factor);
    List<Integer> ends = ends(epochs, factor);
    int count = 1;
    for (int left = trials; count < Math.min(most, ends.size()) && left >= factor; count++) {
      left /= factor;
    }
    List<Rung> rungs = new ArrayList<>();
    int left = trials;
    for (int end : ends.subList(ends.size() - count, ends.size())) {
      rungs.add(new Rung(end, left));
      left /= factor;
    }
    return rungs;
  }

  /** The epochs at which there can be rungs, rising. */
  static List<Integer> ends(int epochs, int factor) {
    List<Integer> ends = new ArrayList<>(List.of(epochs));
    while (factor > 1 && ends.get(0) > 1) {
      ends.add(0, Math.max(1, Math.round((float) ends.get(0) / factor)));
    }
    return ends;
  }
}
