// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitingStepsTest {
  @Test
  void aRoundTakesTheTimeOfItsStepsAndOfWhatHappensBetweenThem() {
    WaitingSteps steps = new WaitingSteps(4, Duration.ofMillis(5));
    List<Integer> taken = new ArrayList<>();
    WaitingSteps between = new WaitingSteps(1, Duration.ofMillis(30));
    long start = System.nanoTime();

    steps.take(
        step -> {
          taken.add(step);
          if (step == 2) {
            between.take(inner -> {});
          }
        });

    assertThat(taken).containsExactly(0, 1, 2, 3);
    assertThat(steps.seconds()).isEqualTo(0.02);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000L);
  }

  @Test
  void anInterruptedWorkerStops() {
    Thread.currentThread().interrupt();
    WaitingSteps steps = new WaitingSteps(1, Duration.ofMinutes(1));

    assertThatThrownBy(() -> steps.take(step -> {})).isInstanceOf(IllegalStateException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void stepsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> new WaitingSteps(0, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new WaitingSteps(1, Duration.ofMillis(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
