// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The places of a study's trials in its space, each found as soon as the results are known. */
final class Places {
  private final StudyPlan plan;
  private final SearchSpace space;
  private final List<Bracket> brackets;
  private final List<double[]> points = new ArrayList<>();
  private final List<ObjectNode> options = new ArrayList<>();

  Places(StudyPlan plan) {
    this.plan = plan;
    this.space = plan.searchSpace();
    this.brackets = plan.brackets();
  }

  /** All places that some results decide. */
  static Places of(StudyPlan plan, List<TrialResult> results) {
    Map<Integer, TrialResult> lowest = new TreeMap<>();
    results.stream()
        .filter(result -> result.rung() == 0)
        .forEach(result -> lowest.put(result.trial(), result));
    Places places = new Places(plan);
    places.find(plan.trials(), lowest);
    return places;
  }

  /**
   * Finds places, in order, until the results of one are missing.
   *
   * @param trials how many are wanted
   * @param lowest the results of the lowest rung
   */
  void find(int trials, Map<Integer, TrialResult> lowest) {
    while (options.size() < trials) {
      int next = options.size();
      int known = plan.sampler().known(next, plan.sideBySide());
      if (!IntStream.range(0, known).allMatch(lowest::containsKey)) {
        return;
      }
      Sampler.History history = new Sampler.History(points.subList(0, known), ranks(known, lowest));
      double[] point = plan.sampler().point(next, plan.seed(), space, history);
      points.add(point);
      options.add(space.at(point));
    }
  }

  private List<Double> ranks(int known, Map<Integer, TrialResult> lowest) {
    Double[] ranks = new Double[known];
    for (Bracket bracket : brackets) {
      List<TrialResult> ordered =
          Ranking.bestFirst(IntStream.range(0, known).filter(bracket::has).mapToObj(lowest::get));
      for (int i = 0; i < ordered.size(); i++) {
        ranks[ordered.get(i).trial()] = (i + 0.5) / ordered.size();
      }
    }
    return List.of(ranks);
  }

  /** The options of each trial whose place is known. */
  List<ObjectNode> options() {
    return List.copyOf(options);
  }
}
