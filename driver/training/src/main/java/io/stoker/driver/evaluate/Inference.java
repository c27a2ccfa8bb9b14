// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.models.engine.Arithmetic;
import io.stoker.worker.eval.TestViews;

/**
 * A trained model, and how its outputs are computed.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param engine the engine's name or {@code auto}
 * @param testViews which views of an image the network is shown
 * @param arithmetic how the engine computes
 */
public record Inference(
    String checkpoint, String engine, TestViews testViews, Arithmetic arithmetic) {
  /** Shows the network the middle of each image, with the fastest algorithms in fp32. */
  public Inference(String checkpoint, String engine) {
    this(checkpoint, engine, TestViews.NONE, Arithmetic.FASTEST_FP32);
  }
}
