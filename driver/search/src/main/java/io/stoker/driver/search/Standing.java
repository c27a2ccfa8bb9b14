// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How far a study is.
 *
 * @param plan the study
 * @param options of each trial whose place is known, by number
 * @param results those that are known, by rung and trial
 * @param running how many runs are trained now: of a trial with folds, up to as many as there are
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
    List<TrialResult> results = folder.results(plan);
    return new Standing(plan, Places.of(plan, results).options(), results, 0);
  }

  /** The options of a trial as a recipe that trains it whole, without data and run folder. */
  public ObjectNode recipe(int trial) {
    return TrialJob.recipe(plan, options.get(trial));
  }

  /** The best of the trials that were trained the most epochs and have not failed since. */
  public Optional<TrialResult> best() {
    return bestFirst().stream().filter(TrialResult::isDone).findFirst();
  }

  /** Why a trial failed, of the first one that did. */
  public Optional<String> firstFailure() {
    return results.stream().filter(each -> !each.isDone()).map(TrialResult::reason).findFirst();
  }

  /** The Pareto front of the metric and the costs, of those trials. */
  public List<TrialResult> front() {
    List<TrialResult> done = last().filter(TrialResult::isDone).toList();
    int most = done.stream().mapToInt(plan::epochs).max().orElse(0);
    return Ranking.front(done.stream().filter(result -> plan.epochs(result) == most).toList());
  }

  /**
   * The last result of each trial: those that have not failed first, then those with more epochs,
   * and of equal ones the best.
   */
  public List<TrialResult> bestFirst() {
    Map<Integer, List<TrialResult>> byEpochs = new TreeMap<>(Comparator.reverseOrder());
    last()
        .forEach(
            result ->
                byEpochs
                    .computeIfAbsent(
                        result.isDone() ? plan.epochs(result) : 0, epochs -> new ArrayList<>())
                    .add(result));
    return byEpochs.values().stream()
        .flatMap(equal -> Ranking.bestFirst(equal.stream()).stream())
        .toList();
  }

  private Stream<TrialResult> last() {
    Map<Integer, TrialResult> last = new TreeMap<>();
    results.forEach(result -> last.merge(result.trial(), result, Standing::higher));
    return last.values().stream();
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
