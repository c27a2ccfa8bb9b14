// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.base.Division;
import io.stoker.data.plan.Permutation;
import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * Which example a pass over the data has in which round, worker and step; a pure function of the
 * example's index, so that the result does not depend on partitions. The steps of a round are
 * consecutive; the examples of a step go to the workers in equal shares.
 *
 * @param examples how many there are
 * @param workers logical workers
 * @param batch examples of a worker and step
 * @param localSteps steps of a round; the last round may have fewer
 * @param key chooses the order
 */
record FitPlan(int examples, int workers, int batch, int localSteps, long key)
    implements Serializable {
  FitPlan {
    Check.input(examples >= 1, "Invalid training data: no examples");
    Check.input(
        rounds(examples, workers, batch, localSteps) <= Integer.MAX_VALUE / workers,
        "Invalid training data: %d examples are too many rounds",
        examples);
  }

  private static long rounds(int examples, int workers, int batch, int localSteps) {
    return Division.ceiling(Division.ceiling(examples, (long) workers * batch), localSteps);
  }

  int rounds() {
    return (int) rounds(examples, workers, batch, localSteps);
  }

  /** How many steps a round has. */
  int steps(int round) {
    int all = (int) Division.ceiling(examples, (long) workers * batch);
    return Math.min(localSteps, all - round * localSteps);
  }

  /** Where the example of that index stands in the order. */
  int position(int index) {
    return Permutation.at(index, examples, key);
  }

  /** The step at a position, since the pass began. */
  int step(int position) {
    return (int) (position / ((long) workers * batch));
  }

  /** The worker at a position. */
  int worker(int position) {
    long first = (long) step(position) * workers * batch;
    long share = Math.min((long) workers * batch, examples - first);
    return (int) (((position - first + 1) * workers - 1) / share);
  }

  /** The part of the data at a position: see {@link #part(int, int)}. */
  int part(int position) {
    return part(step(position) / localSteps, worker(position));
  }

  /** The part of the data that a worker has in a round. */
  int part(int round, int worker) {
    return round * workers + worker;
  }
}
