// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.failure.DamagedException;
import java.util.Locale;

/** Checks of what a network predicts. */
public final class Probabilities {
  private Probabilities() {}

  /**
   * Makes sure that a class's probability is a number. Finite parameters that are too large make it
   * none: the sums of their products overflow.
   *
   * @param probability the probability
   * @param label the class
   * @return the probability
   * @throws DamagedException if it is NaN
   */
  public static float requireNumber(float probability, int label) {
    if (Float.isNaN(probability)) {
      throw new DamagedException(
          String.format(
              Locale.ROOT,
              "Cannot use the model: its probability of class %d is not a number, because its"
                  + " training diverged; take an earlier checkpoint, or train with a lower learning"
                  + " rate",
              label));
    }
    return probability;
  }
}
