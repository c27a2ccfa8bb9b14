// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a round with a quorum ends. Times are in seconds. */
class RoundMembersTest {
  @ParameterizedTest
  @CsvSource({"0.7, 10, 7", "0.75, 4, 3", "0.5, 3, 2", "0.01, 4, 1", "1e-9, 4, 1", "1, 7, 7"})
  void aQuorumIsAShareOfTheWorkersRoundedUp(double share, int workers, int least) {
    assertThat(StageRules.Quorum.least(share, workers)).isEqualTo(least);
  }

  private static RoundMembers opened(long roundBefore) {
    StageRules.Quorum quorum = new StageRules.Quorum(2, Set.of(2), Duration.ofSeconds(roundBefore));
    return RoundMembers.opened(
        new StageRules(
            4,
            6,
            true,
            false,
            StageRules.Patience.USUAL,
            Duration.ofSeconds(1),
            Optional.of(quorum)),
        0);
  }

  private static void delivered(RoundMembers members, double seconds, Integer... workers) {
    members.delivered(Set.of(workers), (long) (seconds * 1e9));
  }

  @Test
  void theFirstRoundWaitsAQuarterOfTheTimeOfARoundBeforeTheStage() {
    RoundMembers members = opened(8);
    delivered(members, 3, 0, 2);
    delivered(members, 4.9, 0, 2);
    assertThat(members.open()).isZero();
    delivered(members, 5, 0, 2);

    assertThat(members.absent(0)).containsExactly(1, 3);
    assertThat(members.isLate(1, 0)).isTrue();
    assertThat(members.isLate(2, 0)).isFalse();
  }

  @Test
  void theFirstRoundOfAJobWaitsForAllWorkers() {
    RoundMembers members = opened(0);
    delivered(members, 3, 0, 2);
    delivered(members, 1e6, 0, 1, 2);
    assertThat(members.open()).isZero();
    delivered(members, 1e6, 0, 1, 2, 3);

    assertThat(members.open()).isEqualTo(1);
    assertThat(members.absent(0)).isEmpty();
  }

  @Test
  void laterRoundsWaitAQuarterOfTheMedianTimeOfAQuorum() {
    RoundMembers members = opened(100);
    delivered(members, 4, 0, 1, 2, 3); // The quorum took 4 s, and the round, too.
    delivered(members, 12, 1, 3);
    delivered(members, 12.9, 1, 3);
    assertThat(members.open()).isEqualTo(1);
    delivered(members, 13, 1, 3);

    assertThat(members.absent(1)).containsExactly(0, 2);
  }

  @Test
  void theGraceTimeBeginsAgainWhereAWorkerOfTheQuorumIsLost() {
    RoundMembers members = opened(4);
    delivered(members, 4, 0, 1);
    delivered(members, 4.5, 0);
    delivered(members, 5.5, 0, 3);
    delivered(members, 6.4, 0, 3);
    assertThat(members.open()).isZero();
    delivered(members, 6.5, 0, 3);

    assertThat(members.absent(0)).containsExactly(1, 2);
  }

  @Test
  void aRoundThatNeedsAllWorkersWaitsForThem() {
    RoundMembers members = opened(4);
    delivered(members, 1, 0, 1, 2, 3);
    delivered(members, 2, 0, 1, 2, 3);
    delivered(members, 3, 0, 1, 2);
    delivered(members, 100, 0, 1, 2);
    assertThat(members.open()).isEqualTo(2);
    delivered(members, 101, 0, 1, 2, 3);

    assertThat(members.open()).isEqualTo(3);
  }

  @Test
  void aRoundIsUnderWayUntilItTakesLongerThanUsual() {
    RoundMembers members = opened(4);
    assertThat(isUnderWay(members, 0, 1)).isFalse();
    assertThat(isUnderWay(members, 0, 1.1)).isTrue();
    assertThat(isUnderWay(members, 0, 5)).isTrue();
    assertThat(isUnderWay(members, 0, 5.1)).isFalse();
    assertThat(isUnderWay(members, 1, 2)).as("it has not begun").isFalse();
    assertThat(isUnderWay(opened(0), 0, 2)).as("a round's time is not known").isFalse();
    delivered(members, 4, 0, 1, 2, 3);
    delivered(members, 8, 0, 1, 2, 3);

    assertThat(isUnderWay(members, 2, 10)).as("it needs all workers").isFalse();
  }

  private static boolean isUnderWay(RoundMembers members, int round, double seconds) {
    return members.isUnderWay(round, (long) (seconds * 1e9));
  }

  @Test
  void saysWhenARoundEndsIfNoOtherWorkerDelivers() {
    RoundMembers members = RoundMembers.opened(4, 0.5, 6, Duration.ofSeconds(8));
    assertThat(members.end()).isEmpty();
    delivered(members, 3, 0);
    assertThat(members.end()).isEmpty();
    delivered(members, 4, 0, 1);
    delivered(members, 5, 0, 1, 2);
    assertThat(members.end()).hasValue(6_000_000_000L);
    members.delivered(Set.of(0, 1, 2), 6_000_000_000L);

    assertThat(members.absent(0)).containsExactly(3);
    assertThat(members.end()).isEmpty();
    assertThat(RoundMembers.opened(4, 0.8, 6, Duration.ofSeconds(8)).isOn()).isFalse();
  }

  @Test
  void theLastRoundHasTheMembersOfTheOneBefore() {
    RoundMembers members = opened(4);
    for (int round = 0; round < 5; round++) {
      assertThat(members.isAbsentAtTheEnd(1)).isFalse();
      delivered(members, 10 * round + 1, 0, 2, 3);
      delivered(members, 10 * round + 9, 0, 2, 3);
      if (round == 2) { // It needs all workers.
        delivered(members, 10 * round + 9, 0, 1, 2, 3);
      }
    }

    assertThat(members.open()).isEqualTo(5);
    assertThat(members.absent(2)).isEmpty();
    assertThat(members.absent(5)).containsExactly(1);
    assertThat(members.isAbsentAtTheEnd(1)).isTrue();
    assertThat(members.isAbsentAtTheEnd(0)).isFalse();
  }
}
