// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.failure.Check;

/**
 * What to evaluate on what.
 *
 * @param model the model
 * @param data where the shards are
 * @param split the split's name; empty for {@code test}, else {@code validation}
 * @param batch examples of one forward pass, at least 1
 * @param average of how many of a run's newest checkpoints the mean is evaluated, at least 1; 1 for
 *     the checkpoint itself
 */
public record EvaluateRequest(Inference model, String data, String split, int batch, int average) {
  public EvaluateRequest {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(average >= 1, "Invalid average: %d (must be >= 1)", average);
  }

  /** Evaluates a checkpoint itself, on the middle of each image. */
  public EvaluateRequest(String checkpoint, String data, String split, int batch, String engine) {
    this(new Inference(checkpoint, engine), data, split, batch, 1);
  }
}
