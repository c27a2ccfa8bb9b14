// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.models.engine.ParameterVectors;
import io.stoker.worker.sgd.Measurements;
import java.io.Serializable;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.TaskContext;

/** The work of all workers in one round; small, because it goes with every task. */
public interface RoundWork extends Serializable {
  /** One worker's part of the work, inside a task. */
  interface Part extends AutoCloseable {
    /** Those of the worker's network, until the part is closed. */
    ParameterVectors vectors();

    /**
     * Calls a loader with the vectors, if they may lack the values of frozen parameters, which are
     * in no slice. By default none are frozen.
     */
    default void loadFrozen(Consumer<ParameterVectors> loader) {}

    /** Trains: the network's parameters move from the values that the caller has set. */
    Measurements train();

    /**
     * Trains as {@link #train()} does.
     *
     * @param beforeStep is called before each step with the number of steps that were taken, and
     *     may read and write the network
     * @throws UnsupportedOperationException if workers of this kind take no single steps
     */
    default Measurements train(IntConsumer beforeStep) {
      throw new UnsupportedOperationException("A round of this kind has no single steps");
    }

    /** Returns the network; otherwise it is returned when the task ends. */
    @Override
    void close();
  }

  /** How many workers there are. */
  int workers();

  /**
   * How many local steps a worker takes, from which the time of a round is estimated; 1 if it has
   * no single steps.
   */
  default int stepCount() {
    return 1;
  }

  /** How many local steps a worker has taken in the job before this round. */
  default long globalStep() {
    return 0;
  }

  /**
   * The RDDs that workers read in addition to the parameters, worker w as partition w of a child.
   */
  default List<Dependency<?>> reads() {
    return List.of();
  }

  /**
   * Begins a worker's part: borrows a network with arbitrary parameters and updater state, which
   * the caller sets.
   *
   * @param worker the worker
   * @param hadoop with which files are reached
   * @param context the task's, at whose end the network is returned
   */
  Part begin(int worker, Configuration hadoop, TaskContext context);

  /**
   * Begins a worker's part with the network of its part of the round before, as that part has left
   * it.
   *
   * @param before is neither closed by the caller nor used after this call
   * @throws UnsupportedOperationException if workers of this kind cannot go on from their own
   *     parameters
   */
  default Part beginAfter(Part before) {
    throw new UnsupportedOperationException("A round of this kind begins from the average");
  }
}
