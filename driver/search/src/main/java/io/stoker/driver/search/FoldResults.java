// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.base.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Brings the results of a trial's runs together, once all of them have ended on a rung. */
final class FoldResults {
  private final int runs;

  /** By the trial, and by the number of the run. */
  @GuardedBy("this") private final Map<Integer, Map<Integer, TrialResult>> ended = new TreeMap<>();

  /**
   * @param runs how many each trial has
   */
  FoldResults(int runs) {
    this.runs = runs;
  }

  /**
   * Adds the result of a run.
   *
   * @param run its number
   * @return the result of the trial, if this was its last run
   */
  synchronized Optional<TrialResult> add(int run, TrialResult result) {
    Map<Integer, TrialResult> ofTrial =
        ended.computeIfAbsent(result.trial(), trial -> new TreeMap<>());
    ofTrial.put(run, result);
    if (ofTrial.size() < runs) {
      return Optional.empty();
    }
    ended.remove(result.trial());
    return Optional.of(mean(new ArrayList<>(ofTrial.values())));
  }

  /** Whether a run of a trial with a lower number has failed. */
  synchronized boolean hasFailedBefore(int run, int trial) {
    return ended.getOrDefault(trial, Map.of()).entrySet().stream()
        .anyMatch(each -> each.getKey() < run && !each.getValue().isDone());
  }

  /** One run's result is the trial's, and so is that of the first run that failed. */
  static TrialResult mean(List<TrialResult> runs) {
    TrialResult first = runs.get(0);
    double seconds = runs.stream().mapToDouble(TrialResult::seconds).sum();
    Optional<TrialResult> failed = runs.stream().filter(run -> !run.isDone()).findFirst();
    if (failed.isPresent()) {
      TrialResult run = failed.get();
      return TrialResult.failed(
          run.trial(), run.rung(), run.epochs(), run.state(), seconds, run.reason());
    }
    if (runs.size() == 1) {
      return first;
    }
    String hashes =
        runs.stream().map(TrialResult::parametersSha256).collect(Collectors.joining("\n"));
    return new TrialResult(
        first.trial(),
        first.rung(),
        runs.stream().mapToInt(TrialResult::epochs).max().orElseThrow(),
        first.state(),
        mean(runs, TrialResult::value),
        mean(runs, TrialResult::shortfall),
        Sha256.hex(hashes.getBytes(StandardCharsets.UTF_8)),
        seconds,
        "",
        IntStream.range(0, first.costs().size())
            .mapToObj(cost -> mean(runs, run -> run.costs().get(cost)))
            .toList());
  }

  private static double mean(List<TrialResult> runs, ToDoubleFunction<TrialResult> value) {
    double sum = 0; // In the order of the folds: DoubleStream adds in another way.
    for (TrialResult run : runs) {
      sum += value.applyAsDouble(run);
    }
    return sum / runs.size();
  }
}
