package io.stoker.models.file;

import io.stoker.failure.Check;

/**
 * How far training has come.
 *
 * @param round rounds that are done
 * @param epoch the epoch that the next step belongs to, from 0
 * @param stepOfEpoch steps of that epoch that are done
 * @param step steps that are done in all epochs
 * @param examples examples that the parameters have learnt from, over all workers
 */
public record TrainingClock(long round, long epoch, long stepOfEpoch, long step, long examples) {
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
