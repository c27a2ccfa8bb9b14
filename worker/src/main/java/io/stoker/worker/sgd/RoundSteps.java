// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

import io.stoker.base.SplitMix64;

/**
 * The steps that one worker takes in one round.
 *
 * @param seed the job's root seed
 * @param round the round, from 0
 * @param worker the worker, from 0
 * @param firstStep the round's first step since the job began, from 0
 * @param steps how many steps
 */
public record RoundSteps(long seed, int round, int worker, long firstStep, int steps) {
  /** Makes the random numbers of dropout differ from those of other uses of the seed. */
  private static final long DROPOUT = 0x64726f706f7574L;

  /**
   * The seed that decides which units a step drops.
   *
   * @param step the step within the round, from 0
   */
  public long dropoutSeed(int step) {
    return SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(seed, DROPOUT), round, worker), step);
  }
}
