// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import org.apache.spark.SparkConf;

/**
 * Decides how many rounds a train stage holds. For a small model, Spark's work around a stage takes
 * as long as the round itself, so that a stage of several rounds is faster. The decision has no
 * influence on the result.
 */
final class RoundsPerStage {
  /** How long a multi-round stage may take: the driver sees its rounds only when it ends. */
  private static final double STAGE_SECONDS = 5;

  /** How many bytes of pieces a multi-round stage may store until the next stage is complete. */
  private static final long STAGE_BYTES = 64 << 20;

  /** How many rounds are trained in a stage each after a multi-round stage has failed. */
  private static final int FIRST_COOLDOWN = 20;

  private final boolean allowed;

  /** How many rounds are still to be trained in a stage each, and how many after a next failure. */
  private int cooldownRounds;

  private int nextCooldownRounds = FIRST_COOLDOWN;

  /** How long each round of the last stage took; 0 before the first one. */
  private double secondsOfRound;

  /**
   * @param conf the cluster's: with speculation a worker starts twice, and with dynamic allocation
   *     or an external shuffle service an executor may go away with the pieces that it stores
   */
  RoundsPerStage(SparkConf conf) {
    this.allowed =
        !conf.getBoolean("spark.speculation", false)
            && !conf.getBoolean("spark.dynamicAllocation.enabled", false)
            && !conf.getBoolean("spark.shuffle.service.enabled", false);
  }

  /**
   * How many rounds the next stage should hold, if each worker has a slot.
   *
   * @param most what the caller has at most
   * @param bytes of the pieces of one round
   */
  int next(int most, long bytes) {
    if (!allowed || cooldownRounds > 0 || secondsOfRound <= 0) {
      return 1;
    }
    long rounds = Math.min((long) (STAGE_SECONDS / secondsOfRound), STAGE_BYTES / bytes);
    return (int) Math.max(1, Math.min(most, rounds));
  }

  /** Notes a stage that is complete. */
  void completed(int rounds, double seconds) {
    cooldownRounds = Math.max(0, cooldownRounds - rounds);
    secondsOfRound = seconds / rounds;
  }

  /** Notes that a multi-round stage has failed, and that its rounds were trained one by one. */
  void failed() {
    cooldownRounds = nextCooldownRounds;
    nextCooldownRounds *= 2;
  }
}
