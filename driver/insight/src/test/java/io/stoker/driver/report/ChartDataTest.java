// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChartDataTest {
  @Test
  void hasAPointForEachRoundOfAShortRun() {
    ObjectNode curves = ChartData.of(rounds(40), 2);

    assertThat(curves.get("rounds_per_point").asInt()).isEqualTo(1);
    assertThat(curves.get("round")).hasSize(40);
    assertThat(curves.at("/loss/3").asDouble()).isEqualTo(0.25);
    assertThat(curves.at("/images_per_second/0").asDouble()).isEqualTo(320); // 640 in 2 s
    assertThat(curves.at("/one_worker/0").asDouble()).isCloseTo(320 / 1.2, within(0.01));
    assertThat(curves.at("/seconds/other/0").asDouble()).isCloseTo(0.45, within(1e-9));
  }

  @Test
  void boundsTheNumberOfPointsAndLosesNoSpike() {
    List<RoundMetrics> rounds = new ArrayList<>(rounds(100_000));
    rounds.set(70_004, rounds.get(70_004).with(RoundNumber.LOSS, 9));

    ObjectNode curves = ChartData.of(rounds, 2);

    assertThat(curves.get("round")).hasSize(ChartData.MAXIMUM_POINTS);
    assertThat(curves.at("/round/999").asInt()).isEqualTo(100_000);
    assertThat(curves.at("/loss_high/700").asDouble()).isEqualTo(9);
    double mean = IntStream.rangeClosed(1, 100).mapToDouble(round -> 1.0 / round).sum() / 100;
    assertThat(curves.at("/loss/0").asDouble()).isCloseTo(mean, within(1e-5));
    assertThat(curves.toString().length()).isLessThan(300_000);
  }

  @Test
  void ofNothingIsEmpty() {
    assertThat(ChartData.of(List.of(), 2).has("round")).isFalse();
  }

  private static List<RoundMetrics> rounds(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(RunOnDisk::round).toList();
  }
}
