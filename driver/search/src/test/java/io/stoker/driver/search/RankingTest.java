// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.search.TrialResult.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RankingTest {
  private static TrialResult result(int trial, double shortfall, double... costs) {
    List<Double> all = new ArrayList<>();
    for (double cost : costs) {
      all.add(cost);
    }
    return new TrialResult(trial, 0, 1, State.DONE, 1 - shortfall, shortfall, "", 0, "", all);
  }

  private static List<Integer> numbers(List<TrialResult> results) {
    return results.stream().map(TrialResult::trial).toList();
  }

  @Test
  void withoutCostsTheMetricDecidesAndThenTheNumber() {
    List<TrialResult> results = List.of(result(0, 0.3), result(1, 0.1), result(2, 0.3));

    assertThat(numbers(Ranking.bestFirst(results.stream()))).containsExactly(1, 0, 2);
    assertThat(numbers(Ranking.front(results))).containsExactly(1);
  }

  @Test
  void withCostsTheParetoFrontComesFirstAndFailuresLast() {
    TrialResult failed = TrialResult.failed(0, 0, 1, State.FAILED, 0, "no model");
    List<TrialResult> results =
        List.of(
            failed,
            result(1, 0.1, 900), // the best metric
            result(2, 0.2, 950), // worse than 1 in both
            result(3, 0.3, 100), // the lowest cost
            result(4, 0.2, 400),
            result(5, 0.3, 100), // equal to 3
            result(6, 0.25, 400), // worse than 4
            result(7, 0.26, 960)); // worse than 2

    assertThat(numbers(Ranking.front(results))).containsExactly(1, 4, 3, 5);
    assertThat(numbers(Ranking.bestFirst(results.stream())))
        .containsExactly(1, 4, 3, 5, 2, 6, 7, 0);
  }

  /** A result is on the front if no point of all others is below it in each coordinate. */
  @Test
  void theFrontOfRandomPointsIsThatOfItsDefinition() {
    Random random = new Random(5);
    List<TrialResult> results = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      results.add(result(i, random.nextDouble(), random.nextDouble(), random.nextDouble()));
    }

    List<Integer> expected = new ArrayList<>();
    for (TrialResult one : results) {
      boolean beaten = false;
      for (TrialResult other : results) {
        beaten |=
            other.shortfall() < one.shortfall()
                && other.costs().get(0) < one.costs().get(0)
                && other.costs().get(1) < one.costs().get(1);
      }
      if (!beaten) {
        expected.add(one.trial());
      }
    }

    assertThat(numbers(Ranking.front(results))).containsExactlyInAnyOrderElementsOf(expected);
  }

  /** As the definition says it: again and again the results that no other one left dominates. */
  @Test
  void theFrontsOfRandomPointsFollowEachOther() {
    Random random = new Random(6);
    List<TrialResult> left = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      left.add(result(i, random.nextInt(20), random.nextInt(20), random.nextInt(5)));
    }
    List<TrialResult> ordered = Ranking.bestFirst(left.stream());

    List<TrialResult> expected = new ArrayList<>();
    while (!left.isEmpty()) {
      List<TrialResult> front =
          left.stream()
              .filter(each -> left.stream().noneMatch(other -> isBelow(other, each)))
              .sorted(TrialResult.BEST_FIRST)
              .toList();
      expected.addAll(front);
      left.removeAll(front);
    }
    assertThat(ordered).isEqualTo(expected);
  }

  private static boolean isBelow(TrialResult one, TrialResult other) {
    double worst = one.shortfall() - other.shortfall();
    double sum = worst;
    for (int i = 0; i < 2; i++) {
      double difference = one.costs().get(i) - other.costs().get(i);
      worst = Math.max(worst, difference);
      sum += difference;
    }
    return worst <= 0 && sum < 0;
  }
}
