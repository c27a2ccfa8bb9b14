// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import java.util.Locale;

/**
 * How workers' parameters are brought together.
 *
 * @param updaterState how the momentum is carried to the next round
 * @param wire the number format in which workers' values travel
 * @param sliceBytes how large a slice of the parameter vector may be, 0 for a size that fits model
 *     and workers; no influence on the result
 * @param overlapSteps how many steps of the next round workers take while their parameters are
 *     averaged; 0 if they wait for the average
 * @param ema the decay of the moving average of the parameters, per local step; 0 for no average
 * @param swa the number of epochs after which the mean of the parameters is kept in place of a
 *     moving average; 0 for none
 * @param quorum the share of the workers with which a round may end; 1 for all
 * @param workBySpeed whether slower workers take fewer local steps
 */
public record AveragingConfig(
    UpdaterState updaterState,
    Wire wire,
    int sliceBytes,
    int overlapSteps,
    double ema,
    int swa,
    double quorum,
    boolean workBySpeed) {
  public AveragingConfig {
    Check.input(
        sliceBytes % Float.BYTES == 0,
        "Invalid slice size: %d bytes (must be a multiple of %d)",
        sliceBytes,
        Float.BYTES);
    Check.input(ema == 0 || swa == 0, "Invalid swa: %d with --ema %s (say one of them)", swa, ema);
    Check.input(
        overlapSteps == 0 || wire == Wire.FP32,
        "Invalid wire: %s with overlap (say --wire fp32, or --overlap-steps 0)",
        wire.name().toLowerCase(Locale.ROOT));
    Check.input(
        overlapSteps == 0 || quorum == 1,
        "Invalid quorum: %s with overlap, where a worker goes on from values of its own (leave"
            + " --quorum out, or say --overlap-steps 0)",
        quorum);
    Check.input(
        overlapSteps == 0 || !workBySpeed,
        "Invalid work by speed: with overlap the average is taken after %d steps, which each worker"
            + " must take (leave --work-by-speed out, or say --overlap-steps 0)",
        overlapSteps);
  }

  /** Whether a round may end without some of the workers. */
  public boolean hasQuorum() {
    return quorum < 1;
  }

  /** Whether what workers do in a round depends on their speeds, so that a run records it. */
  public boolean followsSpeeds() {
    return hasQuorum() || workBySpeed;
  }
}
