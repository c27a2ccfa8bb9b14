package io.stoker.models.engine;

import java.util.Arrays;

/** What a network should answer: a distribution over the classes for each example. */
public final class Targets {
  private Targets() {}

  /**
   * Turns labels into distributions.
   *
   * @param labels the class of each example, at the start of the array
   * @param examples how many there are
   * @param classes how many classes there are
   * @param smoothing what is taken from the class and spread evenly over all (Szegedy et al., 2016,
   *     "Rethinking the Inception Architecture", section 7); 0 for none
   * @param targets receives {@code [examples, classes]}
   * @throws IllegalArgumentException if a label is not a class
   */
  public static void fill(
      int[] labels, int examples, int classes, float smoothing, float[] targets) {
    Arrays.fill(targets, 0, examples * classes, smoothing / classes);
    for (int example = 0; example < examples; example++) {
      int label = labels[example];
      if (label < 0 || label >= classes) {
        throw new IllegalArgumentException(
            "Invalid label: %d (must be between 0 and %d)".formatted(label, classes - 1));
      }
      targets[example * classes + label] += 1 - smoothing;
    }
  }
}
