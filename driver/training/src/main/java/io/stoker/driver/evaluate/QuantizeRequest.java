// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.failure.Check;

/**
 * What to bring to int8, and how much accuracy that may cost.
 *
 * @param evaluation which model, and the split on which accuracy is measured; empty for {@code
 *     validation}, else {@code test}, else {@code train}
 * @param images how many images of the split, at least, the ranges of inputs are found on
 * @param mostLoss the percentage points of accuracy that may be lost, 0 to 100
 */
public record QuantizeRequest(EvaluateRequest evaluation, int images, double mostLoss) {
  public QuantizeRequest {
    Check.input(images >= 1, "Invalid images: %d (must be >= 1)", images);
    Check.input(
        mostLoss >= 0 && mostLoss <= 100, // False for NaN.
        "Invalid most loss: %s (must be between 0 and 100 percentage points)",
        mostLoss);
  }
}
