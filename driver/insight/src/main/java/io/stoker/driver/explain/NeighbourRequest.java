// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.driver.evaluate.Inference;
import io.stoker.failure.Check;
import java.util.List;

/**
 * Which images to find neighbours of, and among what.
 *
 * @param model the checkpoint, and the engine's name
 * @param images URIs of image files
 * @param data where the shards are
 * @param split the split's name
 * @param count how many neighbours of each image, at least 1
 */
public record NeighbourRequest(
    Inference model, List<String> images, String data, String split, int count) {
  public NeighbourRequest {
    images = List.copyOf(images);
    Check.input(count >= 1, "Invalid number of neighbours: %d (must be >= 1)", count);
  }
}
