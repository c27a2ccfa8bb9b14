// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The results of a study, and what follows from them: which trials go on, and which lose their
 * checkpoints. That depends on the numbers of the trials and never on which result came first. Not
 * safe for several threads: the study guards it.
 */
final class StudyResults {
  private final StudyPlan plan;
  private final List<Bracket> brackets;

  /** By the trial, for each rung. */
  private final List<Map<Integer, TrialResult>> rungs = new ArrayList<>();

  StudyResults(StudyPlan plan) {
    this.plan = plan;
    this.brackets = plan.brackets();
    int count = brackets.stream().mapToInt(bracket -> bracket.rungs().size()).max().orElseThrow();
    for (int rung = 0; rung < count; rung++) {
      rungs.add(new TreeMap<>());
    }
  }

  /** How many rungs the longest bracket has. */
  int rungs() {
    return rungs.size();
  }

  /** The results of a rung, by the trial. */
  Map<Integer, TrialResult> rung(int rung) {
    return rungs.get(rung);
  }

  /** All results, by rung and trial. */
  List<TrialResult> all() {
    return rungs.stream().flatMap(rung -> rung.values().stream()).toList();
  }

  void add(TrialResult result) {
    rungs.get(result.rung()).put(result.trial(), result);
  }

  /** The trials that a rung has of the rung below it, the best of each bracket first. */
  List<Integer> promoted(int rung) {
    List<Integer> promoted = new ArrayList<>();
    for (Bracket bracket : brackets) {
      if (rung < bracket.rungs().size()) {
        ranked(bracket, rung - 1).stream()
            .filter(TrialResult::isDone)
            .limit(bracket.kept(rung - 1))
            .forEach(result -> promoted.add(result.trial()));
      }
    }
    return promoted;
  }

  /** Trials that enough others have beaten on a rung: they will not go on, whatever is to come. */
  List<TrialResult> losers(int rung) {
    List<TrialResult> losers = new ArrayList<>();
    for (Bracket bracket : brackets) {
      List<TrialResult> ranked = ranked(bracket, rung);
      losers.addAll(ranked.subList(Math.min(kept(bracket, rung), ranked.size()), ranked.size()));
    }
    return losers;
  }

  /** How many trials keep their checkpoints: those that go on, or the Pareto front. */
  private int kept(Bracket bracket, int rung) {
    return rung + 1 < bracket.rungs().size() || plan.costs().isEmpty()
        ? bracket.kept(rung)
        : Ranking.front(ranked(bracket, rung)).size();
  }

  /** The one trial that a new result makes a loser, in a study without costs. */
  Optional<TrialResult> loser(TrialResult result) {
    Bracket bracket = plan.bracket(result.trial());
    List<TrialResult> ranked = ranked(bracket, result.rung());
    int loser = Math.max(ranked.indexOf(result), bracket.kept(result.rung()));
    return ranked.stream().skip(loser).findFirst();
  }

  private List<TrialResult> ranked(Bracket bracket, int rung) {
    return Ranking.bestFirst(
        rungs.get(rung).values().stream().filter(result -> bracket.has(result.trial())));
  }
}
