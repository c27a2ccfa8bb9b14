package io.stoker.driver.round;

import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.models.file.TrainingClock;

/** Sees a training job as it goes, on the driver's thread. */
public interface RoundListener {
  /** Sees nothing. */
  RoundListener NONE = new RoundListener() {};

  /**
   * Training begins.
   *
   * @param plan the job's size
   * @param clock how far an earlier run came; zero for a new one
   */
  default void started(JobPlan plan, TrainingClock clock) {}

  /** A round is complete, with its checkpoint where one was due. */
  default void roundFinished(RoundMetrics metrics) {}

  /**
   * A checkpoint is complete.
   *
   * @param uri its folder
   */
  default void checkpointWritten(String uri) {}

  /** A checkpoint was validated. */
  default void validated(ValidationMetrics validation) {}
}
