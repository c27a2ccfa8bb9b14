// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;

/**
 * How a job's steps are spread over workers and rounds.
 *
 * @param workers logical workers, a number of the job and not of the cluster
 * @param batch examples of one worker in one step
 * @param localSteps steps of each worker between two averagings
 * @param everyStepEpochs for how many epochs workers average after every step, before they take the
 *     local steps: post-local SGD (Lin et al., 2020, "Don't Use Large Mini-Batches, Use Local SGD")
 * @param epochs passes over the training data
 */
public record RoundConfig(int workers, int batch, int localSteps, int everyStepEpochs, int epochs) {
  /** Bounds W * B, so that no count of examples in a step overflows. */
  private static final long MAXIMUM_GLOBAL_BATCH = 1 << 24;

  public RoundConfig {
    Check.input(workers >= 1, "Invalid workers: %d (must be >= 1)", workers);
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Check.input(
        (long) workers * batch <= MAXIMUM_GLOBAL_BATCH,
        "Invalid global batch: %d workers x %d examples (must be at most %d)",
        workers,
        batch,
        MAXIMUM_GLOBAL_BATCH);
    Check.input(localSteps >= 1, "Invalid local steps: %d (must be >= 1)", localSteps);
    Check.input(
        everyStepEpochs >= 0,
        "Invalid epochs of averaging every step: %d (must be >= 0)",
        everyStepEpochs);
    Check.input(epochs >= 1, "Invalid epochs: %d (must be >= 1)", epochs);
  }

  /** How many examples all workers see in one full step. */
  public int globalBatch() {
    return workers * batch;
  }
}
