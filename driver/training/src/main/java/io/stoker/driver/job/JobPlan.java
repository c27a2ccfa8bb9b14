// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.base.Division;
import io.stoker.failure.Check;
import io.stoker.models.file.TrainingClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * A job's sizes and the place of each round in it; a pure function of a config and a number of
 * samples. A round is up to T consecutive local steps of one epoch, so that an epoch's last round
 * may be shorter. T may differ from epoch to epoch: post-local SGD begins with single steps, and
 * other rules take more steps as the rate falls.
 */
public final class JobPlan {
  /**
   * One round's place.
   *
   * @param round the round, from 0
   * @param epoch its epoch, from 0
   * @param firstStep its first step within the epoch
   * @param steps its steps, 1 to the epoch's local steps
   * @param globalStep its first step since the job began
   */
  public record Round(int round, int epoch, long firstStep, int steps, long globalStep) {}

  /** Consecutive epochs with equal numbers of local steps. */
  private record Phase(int firstEpoch, long firstRound, long roundsPerEpoch, int localSteps) {
    long roundsBefore(int epoch) {
      return firstRound + Math.multiplyExact(roundsPerEpoch, (long) epoch - firstEpoch);
    }
  }

  private final long stepsPerEpoch;
  private final int epochs;
  private final List<Phase> phases = new ArrayList<>();

  /**
   * @param samples training samples, each seen once an epoch
   * @param globalBatch examples of all workers in a full step
   * @param epochs passes over the samples
   * @param localStepsFromEpoch the local steps of a full round, from an epoch on; the first one is
   *     epoch 0
   */
  public JobPlan(
      long samples, int globalBatch, int epochs, SortedMap<Integer, Integer> localStepsFromEpoch) {
    Check.input(samples >= 1, "Invalid data: no training samples");
    this.stepsPerEpoch = Division.ceiling(samples, globalBatch);
    this.epochs = epochs;
    for (Map.Entry<Integer, Integer> from : localStepsFromEpoch.entrySet()) {
      long before = phases.isEmpty() ? 0 : last().roundsBefore(from.getKey());
      long rounds = Division.ceiling(stepsPerEpoch, from.getValue());
      phases.add(new Phase(from.getKey(), before, rounds, from.getValue()));
    }
  }

  private Phase last() {
    return phases.get(phases.size() - 1);
  }

  /** Steps of an epoch; the last one may be smaller than the others. */
  public long stepsPerEpoch() {
    return stepsPerEpoch;
  }

  /** Rounds of the job; of one with more than {@link Integer#MAX_VALUE}, that many. */
  public int rounds() {
    return (int) Math.min(roundsBefore(epochs), Integer.MAX_VALUE);
  }

  /**
   * Makes sure that all rounds of the job can be trained. A job of which only the first rounds are
   * trained may have more.
   *
   * @throws io.stoker.failure.InputException if there are too many to be counted
   */
  void requireCountable() {
    Check.input(
        roundsBefore(epochs) <= Integer.MAX_VALUE,
        "Invalid epochs: %d of %d steps are more than %d rounds",
        epochs,
        stepsPerEpoch,
        Integer.MAX_VALUE);
  }

  private Phase phaseOf(int epoch) {
    int phase = phases.size() - 1;
    while (phase > 0 && phases.get(phase).firstEpoch() > epoch) {
      phase--;
    }
    return phases.get(phase);
  }

  private long roundsBefore(int epoch) {
    return phaseOf(epoch).roundsBefore(epoch);
  }

  /**
   * The place of one round.
   *
   * @param round 0 to below {@link #rounds()}
   */
  public Round round(int round) {
    int last = phases.size() - 1;
    while (phases.get(last).firstRound() > round) {
      last--;
    }
    Phase phase = phases.get(last);
    long roundOfPhase = round - phase.firstRound();
    int epoch = phase.firstEpoch() + (int) (roundOfPhase / phase.roundsPerEpoch());
    long first = roundOfPhase % phase.roundsPerEpoch() * phase.localSteps();
    int steps = (int) Math.min(phase.localSteps(), stepsPerEpoch - first);
    return new Round(round, epoch, first, steps, epoch * stepsPerEpoch + first);
  }

  /** The number of a round within its epoch, from 0. */
  int roundOfEpoch(Round round) {
    return (int) (round.firstStep() / localSteps(round));
  }

  /** The steps of a full round of a round's epoch. */
  int localSteps(Round round) {
    return phaseOf(round.epoch()).localSteps();
  }

  /** Whether a round is the last one of its epoch. */
  public boolean endsEpoch(Round round) {
    return round.firstStep() + round.steps() == stepsPerEpoch;
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
    boolean epochOver = stepOfEpoch == stepsPerEpoch;
    return new TrainingClock(
        round.round() + 1,
        epochOver ? round.epoch() + 1 : round.epoch(),
        epochOver ? 0 : stepOfEpoch,
        round.globalStep() + round.steps(),
        before.examples() + examples);
  }
}
