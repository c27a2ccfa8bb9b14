package io.stoker.driver.evaluate;

import java.util.List;

/**
 * Which images to classify.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param images URIs of image files
 * @param top how many classes of each image, at least 1
 * @param engine the engine's name or {@code auto}
 */
public record PredictRequest(String checkpoint, List<String> images, int top, String engine) {
  public PredictRequest {
    images = List.copyOf(images);
  }
}
