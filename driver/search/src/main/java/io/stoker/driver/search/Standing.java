// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How far a study is.
 *
 * @param plan the study
 * @param options of each trial whose place is known, by number
 * @param results those that are known, by rung and trial
 * @param running how many trials are trained now
 */
public record Standing(
    StudyPlan plan, List<ObjectNode> options, List<TrialResult> results, int running) {
  public Standing {
    options = List.copyOf(options);
    results = List.copyOf(results);
  }

  /** The standing of a study from its folder; it may be running. */
  public static Standing of(StudyFolder folder) {
    StudyPlan plan = folder.plan();
    List<TrialResult> results = folder.results();
    return new Standing(plan, Places.of(plan, results).options(), results, 0);
  }

  /** The options of a trial as a recipe that trains it whole, without data and run folder. */
  public ObjectNode recipe(int trial) {
    return TrialJob.recipe(plan, options.get(trial));
  }

  /** The result with the best metric of those with the most epochs. */
  public Optional<TrialResult> best() {
    return Ranking.bestFirst(withMostEpochs().stream()).stream().findFirst();
  }

  /** The Pareto front of the metric and the costs, of the results with the most epochs. */
  public List<TrialResult> front() {
    return Ranking.front(withMostEpochs());
  }

  private List<TrialResult> withMostEpochs() {
    List<TrialResult> done = results.stream().filter(TrialResult::isDone).toList();
    int most = done.stream().mapToInt(plan::epochs).max().orElse(0);
    return done.stream().filter(result -> plan.epochs(result) == most).toList();
  }

  /** The last result of each trial: those with more epochs first, and of equal ones the best. */
  public List<TrialResult> bestFirst() {
    Map<Integer, TrialResult> last = new TreeMap<>();
    results.forEach(result -> last.merge(result.trial(), result, Standing::higher));
    Map<Integer, List<TrialResult>> byEpochs = new TreeMap<>(Comparator.reverseOrder());
    for (TrialResult result : last.values()) {
      byEpochs.computeIfAbsent(plan.epochs(result), epochs -> new ArrayList<>()).add(result);
    }
    return byEpochs.values().stream()
        .flatMap(equal -> Ranking.bestFirst(equal.stream()).stream())
        .toList();
  }

  private static TrialResult higher(TrialResult one, TrialResult other) {
    return one.rung() > other.rung() ? one : other;
  }

  /** How many results the study will have in all. */
  public int expected() {
    return plan.brackets().stream()
        .flatMap(bracket -> bracket.rungs().stream())
        .mapToInt(Rung::trials)
        .sum();
  }
}
