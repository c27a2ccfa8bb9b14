// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import java.util.List;

/**
 * What a network sees in an image.
 *
 * @param image the image's URI
 * @param classes the most probable classes, best first
 */
public record Prediction(String image, List<ClassProbability> classes) {
  /** A class and its probability. */
  public record ClassProbability(String name, double probability) {}

  public Prediction {
    classes = List.copyOf(classes);
  }

  /**
   * The most probable classes of an image.
   *
   * @param image the image's URI
   * @param probabilities one a class
   * @param classNames the classes' names, in label order
   * @param top how many of them
   */
  public static Prediction of(
      String image, float[] probabilities, List<String> classNames, int top) {
    return new Prediction(
        image,
        Ranking.best(probabilities, 0, classNames.size(), top).stream()
            .map(label -> new ClassProbability(classNames.get(label), probabilities[label]))
            .toList());
  }
}
