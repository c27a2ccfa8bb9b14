// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

/**
 * How a worker gets from one round of its stage to the next, inside a task. {@link TrainStageRdd}
 * chooses one of them for a stage.
 */
sealed interface RoundExchange permits SynchronousExchange, BackgroundExchange {
  /** Begins the first round of this task, up to the parameters. */
  RoundExecution first();

  /**
   * Trains the round after another one of this task.
   *
   * @param done is not used any more afterwards
   */
  RoundExecution next(RoundExecution done);
}
