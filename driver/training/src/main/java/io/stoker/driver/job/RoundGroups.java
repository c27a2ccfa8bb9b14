// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.driver.slice.ParameterSlices;
import java.util.OptionalInt;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/**
 * Which rounds overlap with each other: those of one group. A group has up to some number of
 * consecutive rounds of one epoch. Its last round is averaged before the next group begins, so that
 * nothing is in flight then; checkpoints and validations are between groups only. Groups depend on
 * the job alone.
 *
 * @param plan the job's rounds
 * @param overlapSteps after how many steps of a round workers take the average of the round before;
 *     0 if no rounds overlap
 * @param size how many rounds a group has at most
 */
public record RoundGroups(JobPlan plan, int overlapSteps, int size) {
  /** If a group fails, its rounds are trained again. */
  private static final int ROUNDS_OF_LARGE_MODEL = 16;

  /** A Spark stage, which each group needs, takes as long as many rounds of a small model. */
  private static final int ROUNDS_OF_SMALL_MODEL = 64;

  private static final long SMALL_BYTES = 32 << 20;

  /** The groups of a job. */
  static RoundGroups of(JobPlan plan, int overlapSteps, ParameterSlices slices) {
    return new RoundGroups(plan, overlapSteps, mostRounds(slices));
  }

  /** How many rounds of a model with these slices overlap with each other at most. */
  public static int mostRounds(ParameterSlices slices) {
    return slices.bytes() <= SMALL_BYTES ? ROUNDS_OF_SMALL_MODEL : ROUNDS_OF_LARGE_MODEL;
  }

  /** Whether there are groups of several rounds. */
  public boolean overlap() {
    return overlapSteps > 0;
  }

  /**
   * How many rounds overlap at most, if some are done; empty if none of the others overlap.
   *
   * @param done how many rounds are done
   */
  public OptionalInt largestAfter(long done) {
    return LongStream.range(done, plan.rounds()).anyMatch(r -> !isLast(plan.round((int) r)))
        ? OptionalInt.of(Math.min(size, plan.rounds()))
        : OptionalInt.empty();
  }

  /** Whether a round is the last one of its group. */
  boolean isLast(JobPlan.Round round) {
    return !overlap()
        || plan.endsEpoch(round)
        || plan.localSteps(round) <= overlapSteps
        || (plan.roundOfEpoch(round) + 1) % size == 0;
  }

  /**
   * Whether something is done after some rounds, which a job asks for at some numbers of rounds. In
   * the middle of a group it waits for the group's end.
   *
   * @param done how many rounds are done
   * @param asked whether the job asks for it after so many rounds
   */
  boolean isDue(long done, LongPredicate asked) {
    if (done == 0 || !isLast(plan.round((int) done - 1))) {
      return false;
    }
    long round = done;
    while (!asked.test(round)) {
      round--;
      if (round == 0 || isLast(plan.round((int) round - 1))) {
        return false;
      }
    }
    return true;
  }
}
