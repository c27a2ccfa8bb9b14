// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.failure.Check;

/**
 * How a {@link StokerTrainingMaster} trains.
 *
 * @param workers logical workers
 * @param batchSizePerWorker examples of a worker and step
 * @param averagingFrequency steps between two averagings
 * @param saveUpdater whether the updater's state is averaged with the parameters; else each round
 *     begins without one
 * @param rngSeed decides the order of examples and which units are dropped
 */
record FitSettings(
    int workers,
    int batchSizePerWorker,
    int averagingFrequency,
    boolean saveUpdater,
    long rngSeed) {
  FitSettings {
    Check.input(workers >= 1, "Invalid workers: %d (must be >= 1)", workers);
    Check.input(
        batchSizePerWorker >= 1, "Invalid batch size: %d (must be >= 1)", batchSizePerWorker);
    Check.input(
        averagingFrequency >= 1,
        "Invalid averaging frequency: %d (must be >= 1)",
        averagingFrequency);
  }
}
