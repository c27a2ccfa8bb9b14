package io.stoker.driver.evaluate;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Means over the classes, each class with the same weight. A class for which a ratio is nothing to
 * nothing is left out of that ratio's mean, as in Deeplearning4j's {@code Evaluation}; a mean over
 * no class is 0.
 *
 * @param precision over the classes that were predicted at all
 * @param recall over the classes that there are examples of
 * @param f1 over the classes of both kinds
 */
public record MacroScore(double precision, double recall, double f1) {
  /**
   * Computes the means.
   *
   * @param confusion how often each class (row) was taken for each (column)
   */
  static MacroScore of(List<List<Long>> confusion) {
    int classes = confusion.size();
    DoubleStream.Builder precisions = DoubleStream.builder();
    DoubleStream.Builder recalls = DoubleStream.builder();
    DoubleStream.Builder f1s = DoubleStream.builder();
    for (int c = 0; c < classes; c++) {
      long right = confusion.get(c).get(c);
      long actual = confusion.get(c).stream().mapToLong(Long::longValue).sum();
      long predicted = 0;
      for (List<Long> row : confusion) {
        predicted += row.get(c);
      }
      if (predicted > 0) {
        precisions.add((double) right / predicted);
      }
      if (actual > 0) {
        recalls.add((double) right / actual);
      }
      if (predicted > 0 && actual > 0) {
        f1s.add(2.0 * right / (predicted + actual));
      }
    }
    return new MacroScore(mean(precisions), mean(recalls), mean(f1s));
  }

  private static double mean(DoubleStream.Builder values) {
    return values.build().average().orElse(0);
  }
}
