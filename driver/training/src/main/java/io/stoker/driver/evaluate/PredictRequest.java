// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.failure.Check;
import java.util.List;

/**
 * Which images to classify.
 *
 * @param model the model
 * @param images URIs of image files
 * @param top how many classes of each image, at least 1
 */
public record PredictRequest(Inference model, List<String> images, int top) {
  public PredictRequest {
    images = List.copyOf(images);
    Check.input(!images.isEmpty(), "Missing images: name at least one file");
    Check.input(top >= 1, "Invalid top: %d (must be >= 1)", top);
  }

  /** Shows the network the middle of each image. */
  public PredictRequest(String checkpoint, List<String> images, int top, String engine) {
    this(new Inference(checkpoint, engine), images, top);
  }
}
