// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.failure.Check;

/**
 * Learning rates that grow from round to round by the same factor.
 *
 * @param from the rate of the first round
 * @param to the rate of the last round
 * @param rounds how many rounds
 */
public record RateRange(double from, double to, int rounds) {
  private static final int LEAST_ROUNDS = 10;
  private static final int MOST_ROUNDS = 10_000;

  public RateRange {
    Check.input(
        (float) from > 0 && Double.isFinite(from), "Invalid --from: %s (must be > 0)", from);
    Check.input(
        to > from && Float.isFinite((float) to),
        "Invalid --to: %s (must be above --from, which is %s)",
        to,
        from);
    Check.input(
        rounds >= LEAST_ROUNDS && rounds <= MOST_ROUNDS,
        "Invalid --rounds: %d (must be %d to %d)",
        rounds,
        LEAST_ROUNDS,
        MOST_ROUNDS);
  }

  /**
   * The rate of a round.
   *
   * @param round from 0
   */
  public double rate(int round) {
    return from * Math.pow(to / from, round / (rounds - 1.0));
  }
}
