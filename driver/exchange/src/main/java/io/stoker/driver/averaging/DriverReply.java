// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockAddress;
import java.util.List;

/** What the driver answers to a {@link WorkerMessage}. */
sealed interface DriverReply {
  /**
   * Where a task begins.
   *
   * @param round the round with which it begins
   * @param holder the executor that holds the slices of that round; arbitrary for round 0
   * @param hasEnded whether the stage has ended before: of the last round's slices, only the blocks
   *     that Spark knows are left
   * @param isAbsent whether the round is the stage's last one, and has no work for this worker
   */
  record BeginAt(int round, BlockAddress holder, boolean hasEnded, boolean isAbsent)
      implements DriverReply {
    BeginAt(int round, BlockAddress holder, boolean hasEnded) {
      this(round, holder, hasEnded, false);
    }
  }

  /**
   * The message was received.
   *
   * @param deletesPieces whether the worker may delete its pieces of the round before, because no
   *     other worker needs them
   */
  record Noted(boolean deletesPieces) implements DriverReply {}

  /**
   * On which executor the blocks of each worker are.
   *
   * @param version counts the different addresses that workers of the stage were told
   * @param byWorker an address for each worker; empty if the worker knows this version
   * @param members the workers that take part in the round, if it has ended with a quorum;
   *     otherwise empty. Addresses of other workers mean nothing.
   */
  record Found(int version, List<BlockAddress> byWorker, List<Integer> members)
      implements DriverReply {
    static final Found NONE = new Found(0, List.of());

    public Found {
      byWorker = List.copyOf(byWorker);
      members = List.copyOf(members);
    }

    Found(int version, List<BlockAddress> byWorker) {
      this(version, byWorker, List.of());
    }

    BlockAddress of(int worker) {
      return byWorker.get(worker);
    }

    /** This answer, without the addresses for a worker that knows them. */
    Found shortened(int knownVersion) {
      return knownVersion == version ? new Found(version, List.of(), List.of()) : this;
    }

    /** The addresses of a worker that had these, and received an answer. */
    Found updated(Found answer) {
      return answer.version == version ? this : answer;
    }
  }

  /**
   * The round is over without this worker, or so are later ones: its task begins again, and joins
   * the round that is not over.
   */
  record Late() implements DriverReply {}

  /**
   * The worker's task must end, and does not count as failed: another task does the worker's work
   * from now on.
   *
   * @param reason why
   */
  record Replaced(String reason) implements DriverReply {}

  /**
   * The worker's task must fail: it cannot go on in this stage.
   *
   * @param reason why; cut off where it is long, because messages of exceptions have no limit
   */
  record Aborted(String reason) implements DriverReply {
    private static final int LONGEST_REASON = 1_000;

    public Aborted {
      reason = reason.substring(0, Math.min(reason.length(), LONGEST_REASON));
    }
  }
}
