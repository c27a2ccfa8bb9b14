// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.base.SplitMix64;
import io.stoker.failure.Check;

/**
 * What keeps the workers of a simulated cluster from being equally fast. All random numbers are
 * functions of the seed, the worker, and the round or the failure, so that rules are compared with
 * the same ones.
 *
 * @param slowShare the share of the workers whose machines are slow; the number is rounded
 * @param slowFactor how many times as long their steps take
 * @param tail the shape of the Pareto distribution of the factor by which the steps of a worker
 *     take longer in a round: P(factor > x) = x to the power of -tail, for x >= 1; 0 for none
 * @param failuresPerHour how often a worker fails in an hour, at random times (a Poisson process)
 * @param restartSeconds how long it takes until a worker that has failed begins its round again
 * @param seed the seed of all random numbers
 */
public record Stragglers(
    double slowShare,
    double slowFactor,
    double tail,
    double failuresPerHour,
    double restartSeconds,
    long seed) {
  /** All workers are equally fast, and none fails. */
  public static final Stragglers NONE = new Stragglers(0, 1, 0, 0, 0, 0);

  private static final double SECONDS_PER_HOUR = 3600;
  private static final long TAILS = 1;
  private static final long FAILURES = 2;

  public Stragglers {
    Check.input(
        slowShare >= 0 && slowShare <= 1,
        "Invalid --slow-workers: %s (must be 0 to 1, a share of the workers)",
        slowShare);
    Check.input(
        slowFactor >= 1 && slowFactor <= 1e6,
        "Invalid --slow-factor: %s (must be 1 to 1000000)",
        slowFactor);
    Check.input(
        tail == 0 || (tail > 1 && tail <= 1e6),
        "Invalid --tail: %s (must be more than 1, or 0 for none; with 1 or less the mean is"
            + " infinite)",
        tail);
    Check.input(
        failuresPerHour >= 0 && failuresPerHour <= SECONDS_PER_HOUR,
        "Invalid --failures-per-hour: %s (must be 0 to 3600)",
        failuresPerHour);
    Check.input(
        restartSeconds >= 0 && restartSeconds <= SECONDS_PER_HOUR,
        "Invalid --restart-seconds: %s (must be 0 to 3600)",
        restartSeconds);
  }

  /** How many times as long the steps of a worker take in a round. */
  double factor(int worker, int workers, long round) {
    double machine = worker < Math.round(slowShare * workers) ? slowFactor : 1;
    return tail == 0 ? machine : machine * Math.pow(uniform(TAILS, worker, round), -1 / tail);
  }

  /** The seconds from a worker's beginning to its next failure; infinite if it does not fail. */
  double untilFailure(int worker, long failure) {
    return failuresPerHour == 0
        ? Double.POSITIVE_INFINITY
        : -Math.log(uniform(FAILURES, worker, failure)) * SECONDS_PER_HOUR / failuresPerHour;
  }

  /** More than 0, and at most 1. */
  private double uniform(long use, int worker, long number) {
    return 1 - SplitMix64.unit(SplitMix64.mix(SplitMix64.mix(seed, use), worker, number));
  }
}
