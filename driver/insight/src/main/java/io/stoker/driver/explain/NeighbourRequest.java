// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.failure.Check;
import java.util.List;

/**
 * Which images to find neighbours of, and among what.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param images URIs of image files
 * @param data where the shards are
 * @param split the split's name
 * @param count how many neighbours of each image, at least 1
 * @param engine the engine's name or {@code auto}
 */
public record NeighbourRequest(
    String checkpoint, List<String> images, String data, String split, int count, String engine) {
  public NeighbourRequest {
    images = List.copyOf(images);
    Check.input(count >= 1, "Invalid number of neighbours: %d (must be >= 1)", count);
  }
}
