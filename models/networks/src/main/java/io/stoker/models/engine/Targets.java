// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.util.Arrays;
import java.util.Locale;

/** The targets of a batch: a distribution over the classes for each example. */
public final class Targets {
  private Targets() {}

  /**
   * Turns labels into distributions.
   *
   * @param labels the class of each example, at the start of the array
   * @param examples the number of examples
   * @param classes the number of classes
   * @param smoothing the share of each distribution that all classes have in equal parts (Szegedy
   *     et al., 2016, "Rethinking the Inception Architecture", section 7); 0 for none
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
   * Turns labels of examples that are mixed of two images (Zhang et al., 2018, "mixup") into
   * distributions in which each of the two classes has its share.
   *
   * @param labels the class of each example, at the start of the array
   * @param others the class of the image that the example is mixed with
   * @param shares the share of the example's own class, 0 to 1; the other class has the rest
   * @param examples the number of examples
   * @param classes the number of classes
   * @param smoothing the share of each distribution that all classes have in equal parts; 0 for
   *     none
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
          String.format(
              Locale.ROOT, "Invalid label: %d (must be between 0 and %d)", label, classes - 1));
    }
    return label;
  }
}
