// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

/**
 * The results of rounds that overlap, seen from one worker's task: what the outer step makes of all
 * workers' pieces.
 */
interface RoundResults {
  /**
   * Takes this worker's values after a round, before the next round changes them. Does not wait for
   * other workers.
   */
  void take(RoundExecution done);

  /**
   * Waits for the result of the round that was {@link #take taken}, and corrects the worker's
   * values with it, see {@link Correction}.
   *
   * @param next the round after it, which the worker has begun
   */
  void correct(RoundExecution next);
}
