// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class PhaseClockTest {
  @Test
  void phasesFollowEachOtherWithoutGaps() {
    long start = System.nanoTime();
    PhaseClock clock = PhaseClock.ofNow();
    compute();
    clock.end("compute");
    clock.end("nothing");
    double seconds = (System.nanoTime() - start) / 1e9;

    assertThat(clock.phases())
        .extracting(PhaseClock.Phase::phase)
        .containsExactly("compute", "nothing");
    assertThat(clock.phases())
        .allSatisfy(phase -> assertThat(phase.processorSeconds()).isNotNegative());
    assertThat(clock.phases().stream().mapToDouble(PhaseClock.Phase::seconds).sum())
        .isPositive()
        .isLessThanOrEqualTo(seconds);
    assertThat(clock.phases().get(0).processorSeconds()).isPositive();
  }

  @Test
  void firstPhaseOfTheProcessBeginsWithIt() {
    PhaseClock clock = PhaseClock.ofProcess();
    clock.end("start");

    Instant started = ProcessHandle.current().info().startInstant().orElseThrow();
    PhaseClock.Phase start = clock.phases().get(0);
    assertThat(start.seconds())
        .isCloseTo(Duration.between(started, Instant.now()).toMillis() / 1e3, within(10.0));
    assertThat(start.processorSeconds()).isPositive();
  }

  /** Takes 50 ms of processor time, however busy the machine is. */
  private static void compute() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long end = threads.getCurrentThreadCpuTime() + Duration.ofMillis(50).toNanos();
    while (threads.getCurrentThreadCpuTime() < end) {
      Thread.onSpinWait();
    }
  }
}
