// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.scheduler.OutputCommitCoordinator;

/**
 * Lets one attempt of a task go on, so that a speculative copy does not write a file that the other
 * attempt writes.
 */
public final class OneAttempt {
  private static final long POLL_MILLISECONDS = 200;

  private OneAttempt() {}

  /**
   * Waits while another attempt of this task, which was here first, runs.
   *
   * @throws TaskKilledException if Spark kills the task meanwhile
   */
  public static void await(TaskContext task) {
    OutputCommitCoordinator coordinator = SparkEnv.get().outputCommitCoordinator();
    try {
      while (!coordinator.canCommit(
          task.stageId(), task.stageAttemptNumber(), task.partitionId(), task.attemptNumber())) {
        if (task.isInterrupted()) {
          throw new TaskKilledException("another attempt of the task runs");
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while another attempt of the task runs", e);
    }
  }
}
