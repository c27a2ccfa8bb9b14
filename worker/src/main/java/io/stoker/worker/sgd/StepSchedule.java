// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import java.io.Serializable;
import java.util.Optional;

/** The settings of every step of a round; a pure function of the step. */
@FunctionalInterface
public interface StepSchedule extends Serializable {
  /**
   * The settings of one step.
   *
   * @param step the step since the job began, from 0
   */
  StepSettings at(long step);

  /**
   * The settings of one step of a round, where these depend on its number in the round too.
   *
   * @param step the step since the job began, from 0
   * @param ofRound the step since the round began, from 0
   */
  default StepSettings at(long step, int ofRound) {
    return at(step);
  }

  /** The probability that label smoothing spreads over all classes, see {@link Targets#fill}. */
  default float labelSmoothing() {
    return 0;
  }

  /** How much the examples of each class count; empty if all count the same. */
  default Optional<ClassWeights> classWeights() {
    return Optional.empty();
  }
}
