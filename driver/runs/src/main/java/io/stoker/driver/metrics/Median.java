// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import java.util.List;

/** The median of numbers, which outliers do not change. */
public final class Median {
  private Median() {}

  /**
   * Computes the median; of an even number of values, the mean of the two in the middle.
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
