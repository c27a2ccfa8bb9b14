package io.stoker.worker.sgd;

import io.stoker.models.engine.StepSettings;
import java.io.Serializable;

/** The settings of every step of a job; a pure function of the step. */
@FunctionalInterface
public interface StepSchedule extends Serializable {
  /**
   * The settings of one step.
   *
   * @param step the step since the job began, from 0
   */
  StepSettings at(long step);
}
