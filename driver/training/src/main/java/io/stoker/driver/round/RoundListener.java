// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.models.file.TrainingClock;

/** Is told of a training job's progress, on the thread that runs the job. */
public interface RoundListener {
  /** Ignores all events. */
  RoundListener NONE = new RoundListener() {};

  /**
   * Training begins.
   *
   * @param plan the job's size
   * @param clock how far an earlier run came; zero for a new one
   */
  default void started(JobPlan plan, TrainingClock clock) {}

  /** A round is complete. */
  default void roundFinished(RoundMetrics metrics) {}

  /**
   * A checkpoint will be written next.
   *
   * @param clock how far the job is
   */
  default void checkpointBegins(TrainingClock clock) {}

  /**
   * A checkpoint is complete.
   *
   * @param uri its folder
   */
  default void checkpointWritten(String uri) {}

  /** A checkpoint was validated. */
  default void validated(ValidationMetrics validation) {}

  /**
   * Training is over: all rounds are done, or validations have not got better. Not called where
   * training fails.
   *
   * @param clock how far the job is
   */
  default void ended(TrainingClock clock) {}
}
