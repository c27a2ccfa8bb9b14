// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.apache.commons.math3.stat.ranking.NaturalRanking;

/**
 * How much of the difference between trials one option explains by itself: the correlation ratio
 * epsilon squared (Kelley, 1935, "An Unbiased Correlation Ratio Measure") of the trials' ranks on
 * the lowest rung of their bracket. Trials are grouped by their value of a choice, or into up to
 * five groups of about equal size by their value in a range. What options explain only together
 * does not count.
 *
 * @param option the option
 * @param share of the variance of the ranks, 0 to 1
 */
public record Importance(String option, double share) {
  /** Fewer trials say nothing about options. */
  private static final int FEWEST_TRIALS = 8;

  private static final int MOST_GROUPS = 5;
  private static final int TRIALS_OF_A_GROUP = 4;

  /** The options that a study varies, the most important first; empty for a few trials. */
  public static List<Importance> of(Standing standing) {
    List<TrialResult> trials =
        standing.results().stream().filter(result -> result.rung() == 0).toList();
    if (trials.size() < FEWEST_TRIALS) {
      return List.of();
    }
    double[] ranks = ranksInBrackets(trials, standing.plan().brackets());
    List<Importance> importances = new ArrayList<>();
    for (Dimension dimension : standing.plan().searchSpace().dimensions()) {
      double[] positions =
          trials.stream()
              .map(result -> standing.options().get(result.trial()).path(dimension.name()))
              .mapToDouble(dimension::position)
              .toArray();
      importances.add(
          new Importance(dimension.name(), explained(ranks, groups(dimension, positions))));
    }
    importances.sort(Comparator.comparingDouble(Importance::share).reversed());
    return importances;
  }

  /** As shares, so that brackets with more trials do not have higher ranks. */
  private static double[] ranksInBrackets(List<TrialResult> trials, List<Bracket> brackets) {
    double[] all = new double[trials.size()];
    for (Bracket bracket : brackets) {
      int[] own =
          IntStream.range(0, all.length).filter(i -> bracket.has(trials.get(i).trial())).toArray();
      if (own.length > 0) {
        double[] ranks =
            ranks(Arrays.stream(own).mapToDouble(i -> trials.get(i).shortfall()).toArray());
        IntStream.range(0, own.length).forEach(i -> all[own[i]] = (ranks[i] - 0.5) / own.length);
      }
    }
    return all;
  }

  /** From 1; equal values have the mean of their ranks. */
  private static double[] ranks(double[] values) {
    return new NaturalRanking().rank(values);
  }

  private static int[] groups(Dimension dimension, double[] positions) {
    int[] groups = new int[positions.length];
    double[] ranks = ranks(positions);
    int count = Math.min(MOST_GROUPS, positions.length / TRIALS_OF_A_GROUP);
    for (int i = 0; i < groups.length; i++) {
      groups[i] =
          dimension instanceof Dimension.Choice choice
              ? choice.index(positions[i])
              : (int) (count * (ranks[i] - 0.5) / groups.length);
    }
    return groups;
  }

  /** Epsilon squared: what the variance within groups lacks to the whole variance, as a share. */
  static double explained(double[] values, int[] groups) {
    SummaryStatistics all = new SummaryStatistics();
    Map<Integer, SummaryStatistics> parts = new TreeMap<>();
    for (int i = 0; i < values.length; i++) {
      all.addValue(values[i]);
      parts.computeIfAbsent(groups[i], group -> new SummaryStatistics()).addValue(values[i]);
    }
    double within = parts.values().stream().mapToDouble(SummaryStatistics::getSecondMoment).sum();
    int free = values.length - parts.size();
    return all.getVariance() == 0 || free == 0
        ? 0
        : Math.max(0, 1 - within / free / all.getVariance());
  }
}
