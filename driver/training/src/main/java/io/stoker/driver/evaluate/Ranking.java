// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.worker.eval.Probabilities;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Orders classes by probability; of equal ones the lower number comes first. */
public final class Ranking {
  private Ranking() {}

  /**
   * The most probable classes.
   *
   * @param probabilities holds the probabilities of one image
   * @param offset where they start
   * @param classes the number of classes
   * @param top the number of classes to return; all, if there are fewer
   * @return class numbers, the most probable first
   * @throws io.stoker.failure.DamagedException if a probability is not a number
   */
  public static List<Integer> best(float[] probabilities, int offset, int classes, int top) {
    return IntStream.range(0, classes)
        .boxed()
        .sorted(
            Comparator.comparingDouble(
                label -> -Probabilities.requireNumber(probabilities[offset + label], label)))
        .limit(top)
        .toList();
  }
}
