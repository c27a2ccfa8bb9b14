// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoundsPerStageTest {
  private static RoundsPerStage after(double secondsOfRound) {
    RoundsPerStage rounds = new RoundsPerStage();
    rounds.completed(1, 10, secondsOfRound);
    return rounds;
  }

  @ParameterizedTest
  @CsvSource({"0.01, 500", "0.5, 10", "1, 8", "10, 3", "40, 1"})
  void aStageHoldsRoundsOfSomeSecondsOrAFewRounds(double secondsOfRound, int expected) {
    assertThat(after(secondsOfRound).next(1000)).isEqualTo(expected);
  }

  @Test
  void aStageHoldsNoMoreRoundsThanThereAre() {
    assertThat(after(0.01).next(3)).isEqualTo(3);
  }

  @Test
  void stagesHoldOneRoundForAWhileAfterOneHasFailedAndLongerAfterTheNext() {
    RoundsPerStage rounds = after(0.1);
    rounds.failed();
    rounds.completed(19, 190, 1.9);
    assertThat(rounds.next(100)).isOne();
    rounds.completed(1, 10, 0.1);
    assertThat(rounds.next(100)).isGreaterThan(1);

    rounds.failed();
    rounds.completed(39, 390, 3.9);
    assertThat(rounds.next(100)).isOne();
    rounds.completed(1, 10, 0.1);
    assertThat(rounds.next(100)).isGreaterThan(1);
  }

  @Test
  void aRoundOfMoreStepsMayTakeLongerAndOneOfFewerStepsAsLong() {
    assertThat(after(2).roundTime(10)).isEqualTo(Duration.ofSeconds(2));
    assertThat(after(2).roundTime(1_000)).isEqualTo(Duration.ofSeconds(200));
    assertThat(after(2).roundTime(1)).isEqualTo(Duration.ofSeconds(2));
    assertThat(new RoundsPerStage().roundTime(10)).isZero();
  }
}
