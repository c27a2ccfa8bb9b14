// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.base.Division;
import io.stoker.failure.Check;
import io.stoker.models.file.TrainingClock;

/**
 * A job's sizes and the place of each round in it; a pure function of a config and a number of
 * samples. A round is up to T consecutive local steps of one epoch, so that an epoch's last round
 * may be shorter; in the first epochs it may be a single step (post-local SGD).
 *
 * @param samples training samples, each seen once an epoch
 * @param globalBatch examples of all workers in a full step
 * @param localSteps local steps of a full round
 * @param epochs passes over the samples
 * @param everyStepEpochs of how many epochs, from the first, each round is one step
 */
public record JobPlan(
    long samples, int globalBatch, int localSteps, int epochs, int everyStepEpochs) {
  /**
   * One round's place.
   *
   * @param round the round, from 0
   * @param epoch its epoch, from 0
   * @param firstStep its first step within the epoch
   * @param steps its steps, 1 to the job's local steps
   * @param globalStep its first step since the job began
   */
  public record Round(int round, int epoch, long firstStep, int steps, long globalStep) {}

  public JobPlan {
    Check.input(samples >= 1, "Invalid data: no training samples");
    long steps = Division.ceiling(samples, globalBatch);
    int single = Math.min(everyStepEpochs, epochs);
    long rounds =
        Math.addExact(
            Math.multiplyExact(steps, single),
            Math.multiplyExact(Division.ceiling(steps, localSteps), epochs - single));
    Check.input(
        rounds <= Integer.MAX_VALUE,
        "Invalid epochs: %d of %d samples are more than %d rounds",
        epochs,
        samples,
        Integer.MAX_VALUE);
  }

  /** Steps of an epoch; the last one may be smaller than the others. */
  public long stepsPerEpoch() {
    return Division.ceiling(samples, globalBatch);
  }

  /** Rounds of the job. */
  public int rounds() {
    return roundsBefore(epochs);
  }

  /** Rounds of an epoch that is not one of the first. */
  private int roundsPerEpoch() {
    return (int) Division.ceiling(stepsPerEpoch(), localSteps);
  }

  private int roundsBefore(int epoch) {
    int single = Math.min(everyStepEpochs, epoch);
    return (int) stepsPerEpoch() * single + roundsPerEpoch() * (epoch - single);
  }

  /** Examples of the whole job. */
  public long examples() {
    return samples * epochs;
  }

  /**
   * The place of one round.
   *
   * @param round 0 to below {@link #rounds()}
   */
  public Round round(int round) {
    int single = roundsBefore(Math.min(everyStepEpochs, epochs));
    int epoch =
        round < single
            ? (int) (round / stepsPerEpoch())
            : Math.min(everyStepEpochs, epochs) + (round - single) / roundsPerEpoch();
    int stepsOfRound = epoch < everyStepEpochs ? 1 : localSteps;
    long first = (long) (round - roundsBefore(epoch)) * stepsOfRound;
    int steps = (int) Math.min(stepsOfRound, stepsPerEpoch() - first);
    return new Round(round, epoch, first, steps, epoch * stepsPerEpoch() + first);
  }

  /**
   * The clock after a round.
   *
   * @param round the round
   * @param before the clock before it
   * @param examples examples that its workers saw
   */
  public TrainingClock clockAfter(Round round, TrainingClock before, long examples) {
    long stepOfEpoch = round.firstStep() + round.steps();
    boolean epochOver = stepOfEpoch == stepsPerEpoch();
    return new TrainingClock(
        round.round() + 1,
        epochOver ? round.epoch() + 1 : round.epoch(),
        epochOver ? 0 : stepOfEpoch,
        round.globalStep() + round.steps(),
        before.examples() + examples);
  }
}
