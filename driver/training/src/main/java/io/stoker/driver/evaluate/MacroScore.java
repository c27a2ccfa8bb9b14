// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Means over the classes, each class with the same weight, as scikit-learn's {@code
 * precision_recall_fscore_support(average="macro", zero_division=0)} gives them: classes that occur
 * neither in the examples nor in the predictions are left out, and a ratio of 0 to 0 counts as 0.
 *
 * @param precision the mean precision
 * @param recall the mean recall
 * @param f1 the mean F1, which is not the F1 of the mean precision and recall
 * @param classes over how many classes the means are
 */
public record MacroScore(double precision, double recall, double f1, int classes) {
  /** Computes the means of the classes' scores; over no class they are 0. */
  static MacroScore of(List<ClassScore> scores) {
    List<ClassScore> occurring = scores.stream().filter(ClassScore::occurs).toList();
    return new MacroScore(
        mean(occurring, ClassScore::precision),
        mean(occurring, ClassScore::recall),
        mean(occurring, ClassScore::f1),
        occurring.size());
  }

  /**
   * The balanced accuracy: the mean recall over the classes that have examples, as scikit-learn's
   * {@code balanced_accuracy_score} gives it. Over no class it is 0.
   */
  static double balancedAccuracy(List<ClassScore> scores) {
    return mean(scores.stream().filter(score -> score.examples() > 0).toList(), ClassScore::recall);
  }

  private static double mean(List<ClassScore> scores, ToDoubleFunction<ClassScore> value) {
    return scores.stream().mapToDouble(value).average().orElse(0);
  }
}
