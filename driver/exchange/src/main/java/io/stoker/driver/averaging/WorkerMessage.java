// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockAddress;
import java.util.List;
import java.util.Optional;

/**
 * What a worker of a multi-round stage tells the driver. Each message has one {@link DriverReply}.
 */
sealed interface WorkerMessage {
  /**
   * The task that sends a message.
   *
   * @param stage the number of the stage's RDD
   * @param attempt Spark's attempt of the stage; later attempts have larger numbers
   * @param worker the worker's number
   * @param task Spark's number of the task, which no other attempt of it has
   * @param address the worker's executor
   */
  record Sender(int stage, long attempt, int worker, long task, BlockAddress address) {}

  Sender sender();

  /** Addresses that did not deliver a block which a reply had named. */
  List<BlockAddress> lost();

  /** The worker's task begins, and asks for its first round. */
  record Begins(Sender sender, List<BlockAddress> lost) implements WorkerMessage {
    public Begins {
      lost = List.copyOf(lost);
    }
  }

  /** All slices with which a round begins are on the worker's executor. */
  record Loaded(Sender sender, int round) implements WorkerMessage {
    @Override
    public List<BlockAddress> lost() {
      return List.of();
    }
  }

  /**
   * Some blocks are stored on the worker's executor, and the worker waits for those of all workers.
   *
   * @param round the round after which they are stored, from 0 within the stage
   * @param knownAddresses the version of the {@link DriverReply.Found} that the worker has; 0 for
   *     none
   * @param report the report of a round, if there is one
   */
  record Stored(
      Sender sender,
      Blocks blocks,
      int round,
      int knownAddresses,
      List<BlockAddress> lost,
      Optional<TaskReport> report)
      implements WorkerMessage {
    public Stored {
      lost = List.copyOf(lost);
    }
  }

  /** What a worker stores for the others. */
  enum Blocks {
    /** Its pieces of a round. All slices with which that round began are there, too. */
    PIECES,
    /** The slices that it has averaged after a round. */
    AVERAGES
  }
}
