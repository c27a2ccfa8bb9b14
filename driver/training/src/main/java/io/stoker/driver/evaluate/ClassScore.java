// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

/**
 * How well one class is told from the others. A ratio of 0 to 0 counts as 0, as in scikit-learn
 * with {@code zero_division=0}.
 *
 * @param name the class
 * @param examples how many examples are of it
 * @param predicted how many examples were taken for it
 * @param precision of those taken for it, the share that are of it
 * @param recall of those that are of it, the share taken for it
 * @param f1 the harmonic mean of both
 */
public record ClassScore(
    String name, long examples, long predicted, double precision, double recall, double f1) {
  /**
   * Computes the ratios.
   *
   * @param name the class
   * @param right how many examples of it were taken for it
   * @param examples how many examples are of it
   * @param predicted how many examples were taken for it
   */
  static ClassScore of(String name, long right, long examples, long predicted) {
    return new ClassScore(
        name,
        examples,
        predicted,
        ratio(right, predicted),
        ratio(right, examples),
        ratio(2 * right, predicted + examples));
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  /** Whether any example is of this class or was taken for it. */
  public boolean occurs() {
    return examples > 0 || predicted > 0;
  }
}
