// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The examples that a network was most wrong about: of those it took for another class, the ones
 * with the highest loss. Those of parts of a data set merge to those of the whole, in any order.
 */
public final class WorstMistakes implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How many are kept. */
  static final int LIMIT = 24;

  private static final Comparator<Mistake> WORST_FIRST =
      Comparator.comparingDouble(Mistake::loss).reversed().thenComparingLong(Mistake::index);

  /**
   * An example that was taken for another class.
   *
   * @param index its place in the split, from 0
   * @param label its class
   * @param predicted the class that it was taken for
   * @param probability of that class
   * @param loss its cross-entropy, in nats
   */
  public record Mistake(long index, int label, int predicted, double probability, double loss)
      implements Serializable {}

  /** Worst first. */
  private final ArrayList<Mistake> worst = new ArrayList<>();

  void add(Mistake mistake) {
    if (worst.size() == LIMIT) {
      if (WORST_FIRST.compare(mistake, worst.get(LIMIT - 1)) > 0) {
        return;
      }
      worst.remove(LIMIT - 1);
    }
    worst.add(mistake);
    worst.sort(WORST_FIRST);
  }

  void merge(WorstMistakes other) {
    other.worst.forEach(this::add);
  }

  void shift(long before) {
    worst.replaceAll(
        mistake ->
            new Mistake(
                before + mistake.index(),
                mistake.label(),
                mistake.predicted(),
                mistake.probability(),
                mistake.loss()));
  }

  List<Mistake> list() {
    return List.copyOf(worst);
  }
}
