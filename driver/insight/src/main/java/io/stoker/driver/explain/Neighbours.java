// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.data.image.Pixels;
import java.util.List;

/**
 * The samples that a network finds most like an image.
 *
 * @param image the image's URI
 * @param pixels the image, as prepared data have it
 * @param samples nearest first
 */
public record Neighbours(String image, Pixels pixels, List<Sample> samples) {
  /**
   * A sample.
   *
   * @param path where it came from
   * @param className its class
   * @param distance to the image, in the last hidden layer
   * @param pixels the sample
   */
  public record Sample(String path, String className, double distance, Pixels pixels) {}

  public Neighbours {
    samples = List.copyOf(samples);
  }
}
