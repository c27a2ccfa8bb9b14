package io.stoker.driver.metrics;

import java.util.List;

/** The value in the middle, which a few odd ones do not move. */
public final class Median {
  private Median() {}

  /**
   * The median; of an even number of values, the mean of the two in the middle.
   *
   * @param values at least one
   */
  public static double of(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
