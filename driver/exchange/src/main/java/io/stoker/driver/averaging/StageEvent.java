// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.util.OptionalInt;
import java.util.Set;

/** What happens to a multi-round stage, see {@link StageState#on}. Times are of one clock. */
sealed interface StageEvent {
  /**
   * A message of a worker arrives.
   *
   * @param ticket a number for its answer
   * @param isCopy whether another task of the same worker runs, or ran when Spark started this one
   *     as a speculative copy
   * @param nanoTime when it arrives
   */
  record Arrives(long ticket, WorkerMessage message, boolean isCopy, long nanoTime)
      implements StageEvent {}

  /**
   * Some time has passed.
   *
   * @param nanoTime what time it is
   * @param slots how many tasks the cluster can run at the same time; empty if that is not known
   * @param tasks those of {@link StageState#tasks} that Spark still runs
   * @param leaving those of {@link StageState#executors} that were told to leave the cluster
   */
  record TimePasses(long nanoTime, OptionalInt slots, Set<Long> tasks, Set<String> leaving)
      implements StageEvent {}

  /**
   * Some time has passed, and a round with a quorum may be over.
   *
   * @param nanoTime what time it is
   */
  record GracePasses(long nanoTime) implements StageEvent {}

  /**
   * All tasks have ended, and what workers have exchanged is deleted. Of the slices, only those
   * with which the last round began stay.
   */
  record Ends() implements StageEvent {}

  /** The driver gives the stage up. */
  record Cancelled(String reason) implements StageEvent {}
}
