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
}
