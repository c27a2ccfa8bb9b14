// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The mean training loss of each epoch so far. It is summed in the order of rounds, so that a
 * resumed job computes the same losses to the last bit.
 */
public final class EpochLosses {
  private final NavigableMap<Integer, EpochSum> sums = new TreeMap<>();
  private int rounds;

  /** An epoch's loss, summed over its examples. */
  private record EpochSum(double loss, long examples) {
    static final EpochSum ZERO = new EpochSum(0, 0);

    EpochSum plus(RoundMetrics round) {
      return new EpochSum(loss + round.loss() * round.examples(), examples + round.examples());
    }

    double mean() {
      return loss / examples;
    }
  }

  private EpochLosses() {}

  /** Sums the rounds of a log. */
  public static EpochLosses of(List<RoundMetrics> past) {
    EpochLosses losses = new EpochLosses();
    past.forEach(losses::add);
    return losses;
  }

  /** Adds a round. */
  public void add(RoundMetrics round) {
    rounds++;
    int epoch = round.epoch() - 1;
    sums.put(epoch, sums.getOrDefault(epoch, EpochSum.ZERO).plus(round));
  }

  /** The number of rounds that were added. */
  public int rounds() {
    return rounds;
  }

  /**
   * The mean losses of the first epochs; NaN for an epoch of which no round is known.
   *
   * @param epoch the number of epochs, at most
   */
  public List<Double> before(int epoch) {
    List<Double> means = new ArrayList<>();
    int known = sums.isEmpty() ? 0 : sums.lastKey() + 1;
    for (int i = 0; i < Math.min(epoch, known); i++) {
      means.add(sums.getOrDefault(i, EpochSum.ZERO).mean());
    }
    return List.copyOf(means);
  }
}
