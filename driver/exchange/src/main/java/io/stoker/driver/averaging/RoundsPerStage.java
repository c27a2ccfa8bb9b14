// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.time.Duration;

/**
 * Decides how many rounds a train stage holds. Spark's work around a stage takes as long as many
 * rounds of a small model, and between two rounds of a stage the pieces of a large one need not be
 * written to files. The decision has no influence on the result.
 */
public final class RoundsPerStage {
  /** How long a stage of many rounds may take: what it has trained is lost if it fails. */
  private static final double STAGE_SECONDS = 5;

  /** How many rounds a stage holds even if they take longer than that, up to some time. */
  private static final int FEW_ROUNDS = 8;

  private static final double LONGEST_SECONDS = 30;

  /** How many rounds are trained in a stage each after a multi-round stage has failed. */
  private static final int FIRST_COOLDOWN = 20;

  /** How many rounds are still to be trained in a stage each, and how many after a next failure. */
  private int cooldownRounds;

  private int nextCooldownRounds = FIRST_COOLDOWN;

  /** How long each round of the last stage took; 0 before the first one. */
  private double secondsOfRound;

  /** How long each local step of the last stage took, with its share of the exchange. */
  private double secondsOfStep;

  /**
   * Whether a stage may hold several rounds now, if each worker has a slot. It may not for a while
   * after a stage of several rounds has failed.
   */
  boolean mayBeSeveral() {
    return cooldownRounds == 0;
  }

  /**
   * How many rounds the next stage should hold, if each worker has a slot.
   *
   * @param most what the caller has at most
   */
  public int next(int most) {
    if (!mayBeSeveral() || secondsOfRound <= 0) {
      return 1;
    }
    return fitting(secondsOfRound, most);
  }

  /**
   * How many rounds of some length a stage holds.
   *
   * @param secondsOfRound how long a round takes, more than 0
   * @param most how many there are
   */
  public static int fitting(double secondsOfRound, int most) {
    double rounds =
        Math.max(
            STAGE_SECONDS / secondsOfRound, Math.min(FEW_ROUNDS, LONGEST_SECONDS / secondsOfRound));
    return (int) Math.max(1, Math.min(most, rounds));
  }

  /**
   * How long a round may take; 0 before the first one.
   *
   * @param steps how many local steps it has; some schedules take more of them in later rounds
   */
  public Duration roundTime(int steps) {
    return Duration.ofNanos((long) (Math.max(secondsOfRound, secondsOfStep * steps) * 1e9));
  }

  /**
   * Notes a stage that is complete.
   *
   * @param steps how many local steps a worker took in all of its rounds
   */
  public void completed(int rounds, long steps, double seconds) {
    cooldownRounds = Math.max(0, cooldownRounds - rounds);
    secondsOfRound = seconds / rounds;
    secondsOfStep = seconds / steps;
  }

  /** Notes that a multi-round stage has failed, and that its rounds were trained one by one. */
  void failed() {
    cooldownRounds = nextCooldownRounds;
    nextCooldownRounds *= 2;
  }
}
