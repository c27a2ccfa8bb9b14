// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.worker.eval.Crops;

/**
 * What to evaluate on what.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param data where the shards are
 * @param split the split's name; empty for {@code test}, else {@code validation}
 * @param batch examples of one forward pass, at least 1
 * @param engine the engine's name or {@code auto}
 * @param average of how many of a run's newest checkpoints the mean is evaluated, at least 1; 1 for
 *     the checkpoint itself
 * @param crops which windows of an image the network is shown
 * @param arithmetic how the engine computes
 */
public record EvaluateRequest(
    String checkpoint,
    String data,
    String split,
    int batch,
    String engine,
    int average,
    Crops crops,
    Arithmetic arithmetic) {
  public EvaluateRequest {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(average >= 1, "Invalid average: %d (must be >= 1)", average);
  }

  /** Evaluates with the fastest algorithms in fp32. */
  public EvaluateRequest(
      String checkpoint,
      String data,
      String split,
      int batch,
      String engine,
      int average,
      Crops crops) {
    this(checkpoint, data, split, batch, engine, average, crops, Arithmetic.FASTEST_FP32);
  }

  /** Evaluates a checkpoint itself, on the middle of each image. */
  public EvaluateRequest(String checkpoint, String data, String split, int batch, String engine) {
    this(checkpoint, data, split, batch, engine, 1, Crops.CENTRE);
  }
}
