// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.metrics.RoundWorkers;
import io.stoker.failure.DamagedException;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WorkBySpeedTest {
  private static RoundWorkers round(Double... speeds) {
    return round(List.of(), speeds);
  }

  private static RoundWorkers round(List<Integer> absent, Double... speeds) {
    return new RoundWorkers(absent, Collections.nCopies(speeds.length, 1), List.of(speeds));
  }

  private static List<Integer> steps(int steps, RoundWorkers... rounds) {
    WorkBySpeed speeds = new WorkBySpeed(rounds[0].speeds().size());
    Stream.of(rounds).forEach(speeds::roundFinished);
    return speeds.shares().of(steps);
  }

  @Test
  void allWorkersTakeAllStepsOfTheFirstRound() {
    assertThat(new WorkBySpeed(3).shares().of(20)).containsExactly(20, 20, 20);
  }

  @Test
  void aWorkerTakesAsManyStepsAsTheMedianSpeedLeavesTimeFor() {
    assertThat(steps(20, round(100.0, 25.0, 100.0, 60.0, 200.0)))
        .containsExactly(20, 5, 20, 12, 20);
    assertThat(steps(100, round(100.0, 29.0, 100.0))).containsExactly(100, 29, 100);
    assertThat(steps(7, round(100.0, 25.0, 100.0))).as("rounded down").containsExactly(7, 1, 7);
  }

  @Test
  void ofTwoWorkersTheSlowerOneTakesFewer() {
    assertThat(steps(20, round(50.0, 100.0))).containsExactly(10, 20);
  }

  @Test
  void workersThatAreNearlyAsFastTakeAllSteps() {
    assertThat(steps(20, round(100.0, 90.0, 100.0))).containsExactly(20, 20, 20);
    assertThat(steps(20, round(100.0, 89.0, 100.0))).containsExactly(20, 17, 20);
  }

  @Test
  void eachWorkerTakesAtLeastOneStep() {
    assertThat(steps(20, round(1000.0, 1.0, 1000.0))).containsExactly(20, 1, 20);
    assertThat(steps(1, round(1000.0, 1.0, 1000.0))).containsExactly(1, 1, 1);
  }

  @Test
  void theMedianOfTheLastFiveRoundsCounts() {
    RoundWorkers equal = round(100.0, 100.0, 100.0);
    RoundWorkers slow = round(100.0, 100.0, 25.0);

    assertThat(steps(20, equal, equal, equal, slow, slow)).containsExactly(20, 20, 20);
    assertThat(steps(20, equal, equal, slow, slow, slow)).containsExactly(20, 20, 5);
    assertThat(steps(20, slow, slow, slow, slow, slow, equal, equal, equal))
        .containsExactly(20, 20, 20);
  }

  @Test
  void aSpeedThatIsNotKnownDoesNotCount() {
    assertThat(steps(20, round(100.0, 25.0, 100.0), round(100.0, 0.0, 100.0)))
        .containsExactly(20, 5, 20);
    assertThat(steps(20, round(100.0, 0.0, 100.0))).containsExactly(20, 20, 20);
  }

  @Test
  void aWorkerThatWasAbsentIsTakenForHalfAsFast() {
    RoundWorkers all = round(100.0, 100.0, 100.0);
    RoundWorkers without = round(List.of(1), 100.0, 0.0, 100.0);

    assertThat(steps(20, all, without, without)).containsExactly(20, 10, 20);
    assertThat(steps(20, round(List.of(1), 100.0, 0.0, 100.0))).containsExactly(20, 20, 20);
  }

  @Test
  void recordsOfOtherWorkersAreDamaged() {
    assertThatThrownBy(() -> new WorkBySpeed(3).roundFinished(round(1.0, 2.0)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("the speeds of 2 workers in place of 3");
    assertThatThrownBy(() -> new WorkBySpeed(2).roundFinished(round(List.of(2), 1.0, 2.0)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("[2] are absent");
  }

  /** One of eight workers is four times slower: 7.25 of 8 parts of the examples are trained on. */
  @Test
  void aSlowWorkerCostsItsOwnShareOnly() {
    List<Integer> steps =
        steps(
            20,
            round(
                IntStream.range(0, 8).mapToObj(w -> w == 3 ? 25.0 : 100.0).toArray(Double[]::new)));

    assertThat(steps.stream().mapToInt(each -> each).sum()).isEqualTo(7 * 20 + 5);
  }
}
