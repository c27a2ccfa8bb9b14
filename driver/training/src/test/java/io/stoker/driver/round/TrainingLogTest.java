// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LogLines;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.metrics.RoundWorkers;
import io.stoker.models.file.TrainingClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TrainingLogTest {
  private static final JobPlan HUNDRED_ROUNDS = new JobPlan(100, 1, 1, new TreeMap<>(Map.of(0, 1)));

  private final AtomicLong now = new AtomicLong();

  @BeforeEach
  void logAtInfo() {
    Configurator.setLevel(TrainingLog.class.getName(), Level.INFO);
  }

  @AfterEach
  void logAsBefore() {
    Configurator.setLevel(TrainingLog.class.getName(), (Level) null);
  }

  @Test
  void saysARoundEveryFewSecondsAndTheLastOne() {
    List<String> lines = log(Duration.ofSeconds(1));

    assertThat(lines).hasSize(21).allMatch(line -> line.startsWith("INFO round "));
    assertThat(lines.get(0)).contains("round 1/100", "1 min 39 s to go");
    assertThat(lines.get(1)).contains("round 6/100", "1 min 34 s to go");
    assertThat(lines.get(20)).contains("round 100/100").doesNotContain("to go");
  }

  @Test
  void namesTheWorkersThatWereAbsent() {
    TrainingLog log = new TrainingLog(now::get);
    Map<RoundNumber, Integer> seventh = Map.of(RoundNumber.ROUND, 7, RoundNumber.EPOCH, 1);
    try (LogLines lines = LogLines.of(TrainingLog.class)) {
      log.started(HUNDRED_ROUNDS, TrainingClock.START);
      log.roundFinished(RoundMetrics.of(seventh, RoundWorkers.without(List.of(1, 3))));

      assertThat(lines.lines())
          .singleElement()
          .asString()
          .startsWith("INFO round 7/100 epoch 1 without workers [1, 3]: examples");
    }
  }

  @Test
  void saysHowManyWorkersTookFewerSteps() {
    TrainingLog log = new TrainingLog(now::get);
    Map<RoundNumber, Integer> seventh = Map.of(RoundNumber.ROUND, 7, RoundNumber.EPOCH, 1);
    RoundWorkers workers =
        new RoundWorkers(List.of(), List.of(5, 20, 20, 10), List.of(1.0, 4.0, 4.0, 2.0));
    try (LogLines lines = LogLines.of(TrainingLog.class)) {
      log.started(HUNDRED_ROUNDS, TrainingClock.START);
      log.roundFinished(RoundMetrics.of(seventh, workers));

      assertThat(lines.lines())
          .singleElement()
          .asString()
          .startsWith("INFO round 7/100 epoch 1 with fewer steps of 2 workers: examples");
    }
  }

  @Test
  void saysEachRoundOfASlowJob() {
    assertThat(log(Duration.ofSeconds(5))).hasSize(100);
  }

  @Test
  void saysEachRoundAtDebug() {
    Configurator.setLevel(TrainingLog.class.getName(), Level.DEBUG);

    List<String> lines = log(Duration.ofSeconds(1));

    assertThat(lines).hasSize(100);
    assertThat(lines.get(1)).startsWith("DEBUG round 2/100");
  }

  @Test
  void estimatesTheTimeToGoWithoutTheFirstRoundAndFromWhereTheRunWasResumed() {
    RemainingTime remaining = new RemainingTime(50, now::get);
    assertThat(remaining.text()).isEqualTo("0 s");
    pass(Duration.ofMinutes(10));
    remaining.roundFinished();
    assertThat(remaining.estimate()).isEqualTo(Duration.ofMinutes(490));
    assertThat(remaining.text()).isEqualTo("8 h 10 min");
    pass(Duration.ofSeconds(2));
    remaining.roundFinished();
    pass(Duration.ofSeconds(4));
    remaining.roundFinished();
    assertThat(remaining.text()).isEqualTo("2 min 21 s");
  }

  private List<String> log(Duration ofARound) {
    TrainingLog log = new TrainingLog(now::get);
    try (LogLines lines = LogLines.of(TrainingLog.class)) {
      log.started(HUNDRED_ROUNDS, TrainingClock.START);
      for (int round = 1; round <= 100; round++) {
        pass(ofARound);
        log.roundFinished(
            RoundMetrics.of(Map.of(RoundNumber.ROUND, round, RoundNumber.EPOCH, 1))
                .with(RoundNumber.EXAMPLES, 1)
                .with(RoundNumber.LOSS, 0.5)
                .with(RoundNumber.ACCURACY, 0.5)
                .with(RoundNumber.LR, 0.1f)
                .with(RoundNumber.IMAGES_PER_SECOND, 1));
      }
      log.ended(TrainingClock.START);
      return lines.lines();
    }
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }
}
