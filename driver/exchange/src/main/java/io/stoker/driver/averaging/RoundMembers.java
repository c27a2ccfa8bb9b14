// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The workers that take part in each round of a stage with a {@link StageRules.Quorum}. Without
 * one, all do, and nothing is noted here.
 *
 * <p>A round ends when all workers have delivered, or when the quorum has and a grace time has
 * passed. The grace time is a share of the median time in which the quorum delivered in the rounds
 * before. The last round of a stage has the members of the one before it, unless it needs all
 * workers.
 */
public final class RoundMembers {
  /** The grace time is this part of the time of a round. */
  static final int GRACE_PART = 4;

  private final StageRules rules;

  /** The members of each round that has ended, in their order. */
  private final List<List<Integer>> ended;

  /** How long the quorum took to deliver, by round. */
  private final List<Long> durations;

  /** When the round began that has not ended. */
  private long began;

  /** When the quorum had delivered in that round; empty if it has not. */
  private OptionalLong reached;

  private RoundMembers(
      StageRules rules,
      List<List<Integer>> ended,
      List<Long> durations,
      long began,
      OptionalLong reached) {
    this.rules = rules;
    this.ended = ended;
    this.durations = durations;
    this.began = began;
    this.reached = reached;
  }

  /**
   * No round of a stage has ended. Times are in nanoseconds since the stage began.
   *
   * @param workers how many workers the stage has
   * @param quorum the share of them with which a round may end, above 0; 1 for all
   * @param rounds how many rounds the stage has, at least 2
   * @param roundBefore how long a round took in the stage before; 0 if that is not known
   */
  public static RoundMembers opened(int workers, double quorum, int rounds, Duration roundBefore) {
    int least = StageRules.Quorum.least(quorum, workers);
    return opened(
        new StageRules(
            workers,
            rounds,
            true,
            false,
            StageRules.Patience.USUAL,
            Duration.ZERO,
            least < workers
                ? Optional.of(new StageRules.Quorum(least, Set.of(), roundBefore))
                : Optional.empty()),
        0);
  }

  /** No round has ended. */
  static RoundMembers opened(StageRules rules, long nanoTime) {
    return new RoundMembers(
        rules, new ArrayList<>(), new ArrayList<>(), nanoTime, OptionalLong.empty());
  }

  /** A copy: changes of one do not change the other. */
  RoundMembers copy() {
    return isOn()
        ? new RoundMembers(
            rules, new ArrayList<>(ended), new ArrayList<>(durations), began, reached)
        : this;
  }

  /** Whether rounds may end without some of the workers. */
  public boolean isOn() {
    return rules.quorum().isPresent();
  }

  /** The round that has not ended; the stage's last one if all others have. */
  public int open() {
    return ended.size();
  }

  private boolean isLast(int round) {
    return round == rules.rounds() - 1;
  }

  private boolean isWhole(int round) {
    return rules.quorum().filter(quorum -> quorum.whole().contains(round)).isPresent();
  }

  /** The members of a round; empty while it has not ended. */
  public Optional<List<Integer>> of(int round) {
    if (isLast(round) && isWhole(round)) {
      return Optional.of(IntStream.range(0, rules.workers()).boxed().toList());
    }
    int decides = isLast(round) ? round - 1 : round;
    return decides < ended.size() ? Optional.of(ended.get(decides)) : Optional.empty();
  }

  /** The workers that do not take part in a round, as far as that is known. */
  List<Integer> absent(int round) {
    return of(round)
        .map(
            members ->
                IntStream.range(0, rules.workers())
                    .filter(worker -> !members.contains(worker))
                    .boxed()
                    .toList())
        .orElse(List.of());
  }

  /** Whether a round has ended without a worker, or the round after it has ended. */
  boolean isLate(int worker, int round) {
    return !isLast(round)
        && (isOver(round) || (ended.size() > round && !ended.get(round).contains(worker)));
  }

  /** Whether no worker can begin with a round any more, because the next one has ended, too. */
  boolean isOver(int round) {
    return ended.size() > round + 1;
  }

  /**
   * Whether a worker that begins with a round now comes too late to be a member of it, because the
   * others have begun long ago. If they take longer than usual, it may be in time.
   */
  public boolean isUnderWay(int round, long nanoTime) {
    if (!isOn() || round != open() || isLast(round) || isWhole(round)) {
      return false;
    }
    long time = nanoTime - began;
    return time > grace() && time <= (GRACE_PART + 1) * grace();
  }

  /** Whether a worker has nothing to do in the last round. */
  boolean isAbsentAtTheEnd(int worker) {
    return of(rules.rounds() - 1).filter(members -> !members.contains(worker)).isPresent();
  }

  /**
   * Ends the round that has not ended, if it is time. Only with a quorum.
   *
   * @param workers those that have delivered in it, and wait for the others
   */
  public void delivered(Set<Integer> workers, long nanoTime) {
    if (isLast(open())) {
      return;
    }
    int least = isWhole(open()) ? rules.workers() : rules.quorum().orElseThrow().workers();
    if (workers.size() < least) {
      reached = OptionalLong.empty();
      return;
    }
    long since = reached.orElse(nanoTime);
    reached = OptionalLong.of(since);
    if (workers.size() == rules.workers() || nanoTime - since >= grace()) {
      durations.add(since - began);
      ended.add(workers.stream().sorted().toList());
      began = nanoTime;
      reached = OptionalLong.empty();
    }
  }

  /** When the round ends that has not ended, if no other worker delivers; empty if it does not. */
  public OptionalLong end() {
    long grace = isOn() ? grace() : Long.MAX_VALUE;
    return reached.isPresent() && grace < Long.MAX_VALUE
        ? OptionalLong.of(reached.getAsLong() + grace)
        : OptionalLong.empty();
  }

  private long grace() {
    List<Long> known = durations.stream().sorted().toList();
    if (!known.isEmpty()) {
      return known.get(known.size() / 2) / GRACE_PART;
    }
    long before = rules.quorum().orElseThrow().roundBefore().toNanos();
    return before == 0 ? Long.MAX_VALUE : before / GRACE_PART;
  }
}
