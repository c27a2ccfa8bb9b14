// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.List;

/**
 * Trials that climb the same rungs: all trials of a study with successive halving. Hyperband (Li et
 * al., 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", algorithm
 * 1) has several brackets: the first one begins with the most trials and the fewest epochs, and
 * each following one with fewer trials a rung higher, up to whole trainings. A bracket has only as
 * many rungs as its trials can be divided for, and the highest ones: with few trials it begins
 * higher.
 *
 * @param first the number of its first trial; the others follow
 * @param rungs from the lowest
 */
public record Bracket(int first, List<Rung> rungs) {
  public Bracket {
    rungs = List.copyOf(rungs);
  }

  /**
   * The brackets of a study. With Hyperband their trials are in the proportions of the paper, in
   * which all brackets train about as many epochs.
   *
   * @param trials of the study
   * @param epochs of a whole training
   * @param factor of successive halving
   * @param hyperband whether there are several
   */
  static List<Bracket> of(int trials, int epochs, int factor, boolean hyperband) {
    List<Rung> all = Rung.of(trials, epochs, factor, Integer.MAX_VALUE);
    if (!hyperband) {
      return List.of(new Bracket(0, all));
    }
    Check.input(factor > 1, "Invalid --halving: 1 (Hyperband needs at least 2)");
    int most = Rung.ends(epochs, factor).size();
    double[] weights = new double[most];
    double total = 0;
    for (int i = 0; i < most; i++) {
      int steps = most - 1 - i;
      weights[i] = Math.ceil(most * Math.pow(factor, steps) / (steps + 1));
      total += weights[i];
    }
    List<Bracket> brackets = new ArrayList<>();
    double share = 0;
    int first = 0;
    for (int i = 0; i < most; i++) {
      share += weights[i];
      int end = (int) Math.round(trials * share / total);
      if (end > first) {
        brackets.add(new Bracket(first, Rung.of(end - first, epochs, factor, most - i)));
      }
      first = end;
    }
    return brackets;
  }

  /** Whether a trial is one of its trials. */
  public boolean has(int trial) {
    return trial >= first && trial < first + rungs.get(0).trials();
  }

  /** How many trials go on from a rung; of the highest one, that of which the parameters stay. */
  int kept(int rung) {
    return rung + 1 < rungs.size() ? rungs.get(rung + 1).trials() : 1;
  }
}
