package io.stoker.driver.evaluate;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Orders classes by probability; of equal ones the lower number comes first. */
public final class Ranking {
  private Ranking() {}

  /**
   * The most probable classes.
   *
   * @param probabilities holds those of one image
   * @param offset where they start
   * @param classes how many classes there are
   * @param top how many are wanted; of fewer classes all
   * @return class numbers, the most probable first
   */
  public static List<Integer> best(float[] probabilities, int offset, int classes, int top) {
    return IntStream.range(0, classes)
        .boxed()
        .sorted(Comparator.comparingDouble(label -> -probabilities[offset + label]))
        .limit(top)
        .toList();
  }
}
