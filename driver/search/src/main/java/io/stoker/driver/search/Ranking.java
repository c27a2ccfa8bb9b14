// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The order of results. With costs, it is that of nondominated sorting (Deb et al., 2002, "A Fast
 * and Elitist Multiobjective Genetic Algorithm: NSGA-II", section III.A): first the Pareto front,
 * then the front of the others, and so on; within a front the metric decides.
 */
final class Ranking {
  private Ranking() {}

  /** Results, the best first. */
  static List<TrialResult> bestFirst(Stream<TrialResult> results) {
    List<TrialResult> left = results.sorted(TrialResult.BEST_FIRST).toList();
    if (left.stream().allMatch(result -> result.costs().isEmpty())) {
      return left;
    }
    List<TrialResult> ordered = new ArrayList<>();
    while (!left.isEmpty()) {
      List<TrialResult> front = front(left);
      ordered.addAll(front);
      left = left.stream().filter(result -> !front.contains(result)).toList();
    }
    return ordered;
  }

  /** Those than which no other one is better in one objective and at least as good in all. */
  static List<TrialResult> front(List<TrialResult> results) {
    return results.stream()
        .filter(result -> results.stream().noneMatch(other -> dominates(other, result)))
        .sorted(TrialResult.BEST_FIRST)
        .toList();
  }

  private static boolean dominates(TrialResult one, TrialResult other) {
    List<Double> here = objectives(one);
    List<Double> there = objectives(other);
    if (here.size() != there.size()) {
      return one.isDone() && !other.isDone(); // A trial that failed has no costs.
    }
    return !here.equals(there)
        && IntStream.range(0, here.size()).allMatch(i -> here.get(i) <= there.get(i));
  }

  private static List<Double> objectives(TrialResult result) {
    return Stream.concat(Stream.of(result.shortfall()), result.costs().stream()).toList();
  }
}
