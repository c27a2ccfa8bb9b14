// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a job's steps are spread over workers and rounds.
 *
 * @param workers logical workers, a number of the job and not of the cluster
 * @param batch examples of one worker in one step
 * @param localSteps steps of each worker between two averagings
 * @param everyStepEpochs for how many epochs workers average after every step, before they take the
 *     local steps: post-local SGD (Lin et al., 2020, "Don't Use Large Mini-Batches, Use Local SGD")
 * @param epochs passes over the training data
 */
public record RoundConfig(
    int workers, int batch, LocalSteps localSteps, int everyStepEpochs, int epochs) {
  /** Bounds W * B, so that no count of examples in a step overflows. */
  private static final long MAXIMUM_GLOBAL_BATCH = 1 << 24;

  public RoundConfig {
    Check.input(
        (long) workers * batch <= MAXIMUM_GLOBAL_BATCH,
        "Invalid global batch: %d workers x %d examples (must be at most %d)",
        workers,
        batch,
        MAXIMUM_GLOBAL_BATCH);
  }

  /**
   * The numbers of local steps of the epochs: each holds from an epoch on until the next one's.
   *
   * @param schedule how the rate moves
   * @param learningRate the base rate
   * @param stepsPerEpoch steps of an epoch, the most that a round has
   */
  public SortedMap<Integer, Integer> localStepsFromEpoch(
      LearningRateSchedule schedule, double learningRate, long stepsPerEpoch) {
    SortedMap<Integer, Integer> fromEpoch = new TreeMap<>();
    if (everyStepEpochs > 0) {
      fromEpoch.put(0, 1);
    }
    int last = 0;
    for (int epoch = everyStepEpochs; epoch < epochs; epoch++) {
      double rate = learningRate * schedule.decay(Math.max(epoch, schedule.warmUpEpochs()));
      int steps = localSteps.at(rate, stepsPerEpoch);
      if (steps != last) {
        fromEpoch.put(epoch, steps);
      }
      last = steps;
      if (localSteps.isFixed() || steps >= stepsPerEpoch) {
        break; // Rates do not rise after the warm-up.
      }
    }
    return fromEpoch;
  }

  /** How many examples all workers see in one full step. */
  public int globalBatch() {
    return workers * batch;
  }
}
