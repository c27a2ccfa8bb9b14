// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.spark.RegisteredExecutor;
import io.stoker.failure.ResourceException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Executors of one core that register at times of the test's choice. */
class ExecutorRegistrationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final TestClock clock = new TestClock();
  private final SparkConf conf = new SparkConf(false);
  private Optional<String> problem = Optional.empty();

  private static final class TestClock implements ExecutorRegistration.Clock {
    private Instant now = Instant.EPOCH;

    @Override
    public Instant start() {
      return Instant.EPOCH;
    }

    @Override
    public Instant now() {
      return now;
    }

    @Override
    public void sleep(Duration duration) {
      now = now.plus(duration);
    }

    double seconds() {
      return now.toEpochMilli() / 1e3;
    }
  }

  private ExecutorRegistration registering(double... seconds) {
    return new ExecutorRegistration(
        () ->
            IntStream.range(0, seconds.length)
                .filter(i -> seconds[i] <= clock.seconds())
                .mapToObj(i -> executor(i, seconds[i]))
                .toList(),
        conf,
        false,
        clock,
        () -> problem);
  }

  private static RegisteredExecutor executor(int id, double seconds) {
    return new RegisteredExecutor("" + id, "host", 1, Instant.ofEpochMilli((long) (seconds * 1e3)));
  }

  @Test
  void goesOnAtOnceWithEnoughSlots() {
    Slots slots = registering(2, 2.5, 3, 6).awaitSettled(there -> there.count() >= 2, PATIENCE);

    assertThat(slots.count()).isEqualTo(2);
    assertThat(clock.seconds()).isBetween(2.4, 2.7);
  }

  /** However the driver's start and the executors' interleave, it sees all four. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1, 2, 2.2, 3.5, 8})
  void seesAllExecutorsBeforeItSaysThatThereAreTooFew(double start) {
    clock.sleep(Duration.ofMillis((long) (start * 1e3)));

    Slots slots = registering(2, 2.1, 4, 5.9).awaitSettled(there -> there.count() >= 100, PATIENCE);

    assertThat(slots.count()).isEqualTo(4);
    assertThat(clock.seconds()).isBetween(10.8, 11.2);
  }

  @Test
  void waitsForTheExecutorsThatAreConfigured() {
    conf.set("spark.executor.instances", "3");

    assertThat(registering(1, 2, 3).awaitSettled(there -> false, PATIENCE).count()).isEqualTo(3);
    assertThat(clock.seconds()).isBetween(2.9, 3.2);
  }

  @Test
  void waitsForTheCoresThatAreConfiguredInWholeExecutors() {
    conf.set("spark.cores.max", "5").set("spark.executor.cores", "2").set("spark.task.cpus", "2");

    assertThat(registering(1, 2, 9).awaitSettled(there -> false, PATIENCE).count()).isEqualTo(2);
    assertThat(clock.seconds()).isBetween(1.9, 2.2);
  }

  @Test
  void givesUpWhenNoneRegisters() {
    assertThat(registering().awaitSettled(there -> false, PATIENCE).executors()).isEmpty();
    assertThat(clock.seconds()).isBetween(40.0, 40.2);
  }

  @Test
  void waitsForSlotsThatOthersMayGiveBack() {
    assertThat(registering(0, 20).awaitSlots(2, PATIENCE).count()).isEqualTo(2);
    assertThat(registering(0, 20).awaitSlots(3, Duration.ofSeconds(1)).count()).isEqualTo(2);
  }

  @Test
  void waitsForExecutorsThatSuitTheCallerAlsoIfThereAreEnoughSlots() {
    assertThat(registering(0, 0, 2).await(there -> there.executors().size() > 2, PATIENCE).count())
        .isEqualTo(3);
    assertThat(clock.seconds()).isBetween(1.9, 2.2);
  }

  @Test
  void doesNotWaitForExecutorsThatStartWhenTasksWait() {
    conf.set("spark.dynamicAllocation.enabled", "true");

    assertThat(registering(3).awaitSettled(there -> false, PATIENCE).executors()).isEmpty();
    assertThat(clock.seconds()).isZero();
  }

  @Test
  void doesNotWaitForALocalMaster() {
    ExecutorRegistration local =
        new ExecutorRegistration(() -> List.of(executor(0, 0)), conf, true, clock, () -> problem);

    assertThat(local.awaitSettled(there -> false, PATIENCE).count()).isEqualTo(1);
    assertThat(clock.seconds()).isZero();
  }

  @Test
  void endsWithTheReasonOfTheClusterIfItStartsNoExecutor() {
    problem = Optional.of("no image");

    assertThatThrownBy(() -> registering().awaitSlots(1, PATIENCE))
        .isInstanceOf(ResourceException.class)
        .hasMessage("no image (spark.stoker.executorSeconds has jobs wait longer)");
    assertThat(clock.seconds()).isBetween(30.0, 33.0);
  }

  /** Spark waits for executors before the application's own code runs. */
  @ParameterizedTest
  @CsvSource({"30, 32", "20, 32", "300, 332", "-3600, -3570"})
  void countsTheTimeForWhichSparkHasWaited(int start, double end) {
    problem = Optional.of("no image");
    clock.sleep(Duration.ofSeconds(start));

    assertThatThrownBy(() -> registering().awaitSlots(1, PATIENCE))
        .hasMessage("no image (spark.stoker.executorSeconds has jobs wait longer)");
    assertThat(clock.seconds()).isBetween(end - 2, end + 1);
  }

  @Test
  void waitsLongerForTheFirstExecutorIfTheUserSaysSo() {
    problem = Optional.of("no node");
    conf.set("spark.stoker.executorSeconds", "300");

    assertThat(registering(200).awaitSlots(1, PATIENCE).count()).isEqualTo(1);
    assertThatThrownBy(() -> registering().awaitSlots(1, PATIENCE))
        .hasMessage("no node (spark.stoker.executorSeconds has jobs wait longer)");
    assertThat(clock.seconds()).isBetween(500.0, 505.0);
  }

  @Test
  void goesOnWithTheExecutorsThatAreThereWhateverKeepsOthersFromStarting() {
    problem = Optional.of("no quota");

    assertThat(registering(3).awaitSettled(there -> false, PATIENCE).count()).isEqualTo(1);
  }
}
