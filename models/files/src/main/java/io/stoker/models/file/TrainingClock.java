// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * The progress of training.
 *
 * @param round completed rounds
 * @param epoch the epoch of the next step, from 0
 * @param stepOfEpoch completed steps of that epoch
 * @param step completed steps of all epochs
 * @param examples the examples that all workers have trained on
 */
public record TrainingClock(long round, long epoch, long stepOfEpoch, long step, long examples)
    implements Serializable {
  /** Before the first step. */
  public static final TrainingClock START = new TrainingClock(0, 0, 0, 0, 0);

  public TrainingClock {
    Check.input(
        round >= 0 && epoch >= 0 && stepOfEpoch >= 0 && step >= stepOfEpoch && examples >= 0,
        "Invalid training clock: round %d, epoch %d, step %d of it, step %d, %d examples",
        round,
        epoch,
        stepOfEpoch,
        step,
        examples);
  }
}
