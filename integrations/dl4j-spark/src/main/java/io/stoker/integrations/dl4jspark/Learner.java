// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ParameterVectors;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.TaskContext;

/** What takes a worker's steps; goes with every task. */
interface Learner extends Serializable {
  /** A resident network inside a task, until it is given back or the task ends. */
  interface Borrowed {
    /** Its parameters and updater state, as they travel. */
    ParameterVectors vectors();

    /**
     * Takes a step.
     *
     * @param examples at least one
     * @param step the step, from the round's first, which is 0
     * @param dropoutSeed decides which units are dropped
     */
    BatchScore step(List<float[]> examples, int step, long dropoutSeed);

    /** Lets the next round have it. */
    void giveBack();
  }

  /** Borrows a network, with arbitrary parameters and updater state. */
  Borrowed borrow(TaskContext context);
}
