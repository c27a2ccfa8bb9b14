// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The order of results. With costs, it is that of nondominated sorting (Deb et al., 2002, "A Fast
 * and Elitist Multiobjective Genetic Algorithm: NSGA-II", section III.A): first the Pareto front,
 * then the front of the others, and so on; within a front the metric decides.
 */
final class Ranking {
  private static final Comparator<TrialResult> BY_OBJECTIVES =
      Comparator.comparing(Ranking::objectives, Arrays::compare)
          .thenComparing(TrialResult.BEST_FIRST);

  private Ranking() {}

  /** Results, the best first. */
  static List<TrialResult> bestFirst(Stream<TrialResult> results) {
    List<TrialResult> all = results.sorted(TrialResult.BEST_FIRST).toList();
    return all.stream().allMatch(result -> result.costs().isEmpty())
        ? all
        : fronts(all).stream().flatMap(List::stream).toList();
  }

  /** Those than which no other one is better in one objective and at least as good in all. */
  static List<TrialResult> front(List<TrialResult> results) {
    return results.isEmpty() ? results : fronts(results).get(0);
  }

  /**
   * The fronts, each in the order of the metric. A result can only be dominated by one that comes
   * before it in the order of all objectives, and a front that does not dominate it has none behind
   * it that does, so its front is found by bisection (Zhang et al., 2015, "An Efficient Approach to
   * Nondominated Sorting for Evolutionary Multiobjective Optimization").
   */
  private static List<List<TrialResult>> fronts(List<TrialResult> results) {
    List<List<TrialResult>> fronts = new ArrayList<>();
    for (TrialResult result : results.stream().sorted(BY_OBJECTIVES).toList()) {
      int low = 0;
      int high = fronts.size();
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (fronts.get(middle).stream().anyMatch(other -> dominates(other, result))) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      if (low == fronts.size()) {
        fronts.add(new ArrayList<>());
      }
      fronts.get(low).add(result);
    }
    fronts.forEach(front -> front.sort(TrialResult.BEST_FIRST));
    return fronts;
  }

  private static boolean dominates(TrialResult one, TrialResult other) {
    double[] here = objectives(one);
    double[] there = objectives(other);
    if (here.length != there.length) {
      return one.isDone() && !other.isDone(); // A trial that failed has no costs.
    }
    return !Arrays.equals(here, there)
        && IntStream.range(0, here.length).allMatch(i -> here[i] <= there[i]);
  }

  private static double[] objectives(TrialResult result) {
    return DoubleStream.concat(
            DoubleStream.of(result.shortfall()),
            result.costs().stream().mapToDouble(Double::doubleValue))
        .toArray();
  }
}
