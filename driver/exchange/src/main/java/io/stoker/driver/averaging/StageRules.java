// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What does not change while a multi-round stage runs.
 *
 * @param workers how many workers it has
 * @param rounds how many rounds it has, at least 2
 * @param hasOwners whether each slice has one owner; otherwise each worker averages all of them
 * @param overlap whether rounds overlap
 * @param patience how long workers wait for each other
 * @param allowance how much longer, because a task that begins again has to train a round
 * @param quorum with which a round ends; empty if each round has all workers. With a quorum each
 *     slice has one owner, and rounds do not overlap.
 */
record StageRules(
    int workers,
    int rounds,
    boolean hasOwners,
    boolean overlap,
    Patience patience,
    Duration allowance,
    Optional<Quorum> quorum) {
  /** For how long a task is silent, beyond the allowance, before a copy of it takes over. */
  private static final Duration SILENCE = Duration.ofSeconds(1);

  /**
   * How long workers wait for the others.
   *
   * @param withSlots while the cluster has a slot for each worker
   * @param withoutSlots while it has fewer
   */
  record Patience(Duration withSlots, Duration withoutSlots) {
    static final Patience USUAL = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(10));
  }

  /**
   * With how many workers a round may end.
   *
   * @param workers the least number of workers, less than all
   * @param whole the rounds of the stage that need all workers
   * @param roundBefore how long a round took in the stage before; 0 if that is not known
   */
  record Quorum(int workers, Set<Integer> whole, Duration roundBefore) {
    /** 0.7 of 10 workers are 7, and not a little more. */
    private static final double ROUNDING = 1e-6;

    /** How many workers a share of them is, above 0: rounded up, and at least one. */
    static int least(double share, int workers) {
      return Math.max(1, (int) Math.ceil(share * workers - ROUNDING));
    }
  }

  /** Whether a copy takes over a worker whose task sent its last message so long ago. */
  boolean isSilent(long nanos) {
    return !overlap && nanos > allowance.plus(SILENCE).toNanos();
  }

  /**
   * Why the stage must not wait any longer; empty if it may.
   *
   * @param idleNanos how long ago the last message arrived
   * @param waiting how many workers wait for others
   * @param slots how many tasks can run at the same time
   */
  Optional<String> tooLong(long idleNanos, int waiting, long slots) {
    Duration idle = Duration.ofNanos(idleNanos);
    Duration beyond = idle.minus(allowance);
    boolean lacksSlots = slots < workers;
    // Where rounds overlap, a worker that has lost its slot cannot go on.
    boolean isOver =
        (lacksSlots && overlap)
            ? exceeds(idle, patience.withoutSlots())
            : (waiting > 0 || slots == 0)
                && exceeds(beyond, lacksSlots ? patience.withoutSlots() : patience.withSlots());
    if (!isOver) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%d of %d workers have waited %d s for the others",
            waiting,
            workers,
            idle.toSeconds()));
  }

  private static boolean exceeds(Duration time, Duration limit) {
    return time.compareTo(limit) > 0;
  }
}
