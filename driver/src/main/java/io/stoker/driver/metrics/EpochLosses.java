package io.stoker.driver.metrics;

import java.util.ArrayList;
import java.util.List;

/**
 * The mean training loss of each epoch so far, summed in the order of rounds, so that a job that
 * was resumed knows the same losses to the last bit.
 */
public final class EpochLosses {
  private final List<Double> sums = new ArrayList<>();
  private final List<Long> examples = new ArrayList<>();
  private int rounds;

  private EpochLosses() {}

  /** Those of the rounds in a log. */
  public static EpochLosses of(List<RoundMetrics> past) {
    EpochLosses losses = new EpochLosses();
    past.forEach(losses::add);
    return losses;
  }

  /** Counts a round in. */
  public void add(RoundMetrics round) {
    rounds++;
    while (sums.size() < round.epoch()) {
      sums.add(0.0);
      examples.add(0L);
    }
    int epoch = round.epoch() - 1;
    sums.set(epoch, sums.get(epoch) + round.loss() * round.examples());
    examples.set(epoch, examples.get(epoch) + round.examples());
  }

  /** How many rounds were counted. */
  public int rounds() {
    return rounds;
  }

  /**
   * The mean loss of each epoch before some epoch, from the first; NaN where no round is known.
   *
   * @param epoch the epoch, from 0
   */
  public List<Double> before(int epoch) {
    List<Double> means = new ArrayList<>();
    for (int i = 0; i < Math.min(epoch, sums.size()); i++) {
      means.add(sums.get(i) / examples.get(i));
    }
    return List.copyOf(means);
  }
}
