// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.worker.eval.Crops;
import java.util.List;

/**
 * Which images to classify.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param images URIs of image files
 * @param top how many classes of each image, at least 1
 * @param engine the engine's name or {@code auto}
 * @param crops which windows of an image the network is shown
 * @param arithmetic how the engine computes
 */
public record PredictRequest(
    String checkpoint,
    List<String> images,
    int top,
    String engine,
    Crops crops,
    Arithmetic arithmetic) {
  public PredictRequest {
    images = List.copyOf(images);
    Check.input(!images.isEmpty(), "Missing images: name at least one file");
    Check.input(top >= 1, "Invalid top: %d (must be >= 1)", top);
  }

  /** Computes with the fastest algorithms in fp32. */
  public PredictRequest(
      String checkpoint, List<String> images, int top, String engine, Crops crops) {
    this(checkpoint, images, top, engine, crops, Arithmetic.FASTEST_FP32);
  }

  /** Shows the network the middle of each image. */
  public PredictRequest(String checkpoint, List<String> images, int top, String engine) {
    this(checkpoint, images, top, engine, Crops.CENTRE);
  }
}
