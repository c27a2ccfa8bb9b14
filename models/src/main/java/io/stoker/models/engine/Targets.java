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
      int label = checked(labels[example], classes);
      targets[example * classes + label] += 1 - smoothing;
    }
  }

  /**
   * Turns labels of examples that are mixed of two (Zhang et al., 2018, "mixup") into
   * distributions, of which each of the two classes has its share.
   *
   * @param labels the class of each example, at the start of the array
   * @param others the class of what it is mixed with
   * @param shares how much of it is of its own class, 0 to 1; the rest is of the other
   * @param examples how many there are
   * @param classes how many classes there are
   * @param smoothing what is taken from the two classes and spread evenly over all; 0 for none
   * @param targets receives {@code [examples, classes]}
   * @throws IllegalArgumentException if a label is not a class
   */
  public static void fill(
      int[] labels,
      int[] others,
      float[] shares,
      int examples,
      int classes,
      float smoothing,
      float[] targets) {
    Arrays.fill(targets, 0, examples * classes, smoothing / classes);
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      float share = shares[example];
      targets[first + checked(labels[example], classes)] += (1 - smoothing) * share;
      targets[first + checked(others[example], classes)] += (1 - smoothing) * (1 - share);
    }
  }

  private static int checked(int label, int classes) {
    if (label < 0 || label >= classes) {
      throw new IllegalArgumentException(
          "Invalid label: %d (must be between 0 and %d)".formatted(label, classes - 1));
    }
    return label;
  }
}
