// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.driver.evaluate.Inference;
import io.stoker.failure.Check;

/**
 * Which images to classify, and where to write what is seen in them.
 *
 * @param model the model
 * @param input a folder of images at any depth, or a folder of shards
 * @param output the folder of Parquet files
 * @param split of shards, the only split to classify; empty for all
 * @param top how many classes of each image, at least 1
 * @param batch images of one forward pass, at least 1
 * @param existing whether predictions that are there are replaced
 */
public record BulkPredictRequest(
    Inference model,
    String input,
    String output,
    String split,
    int top,
    int batch,
    ExistingOutput existing) {
  /** Whether predictions that are there are replaced. */
  public enum ExistingOutput {
    REFUSE,
    OVERWRITE
  }

  public BulkPredictRequest {
    Check.input(top >= 1, "Invalid number of classes: %d (must be >= 1)", top);
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
  }
}
