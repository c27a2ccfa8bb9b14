// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LogLines;
import io.stoker.driver.cluster.LostExecutors.State;
import io.stoker.driver.spark.RegisteredExecutors;
import io.stoker.failure.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application is ended, with a reason, if its executors are lost and none comes. */
class LostExecutorsTest {
  private static final State TRAINS = new State(true, true, true);
  private static final State WAITS = new State(false, false, true);
  private static final State RESTS = new State(false, false, false);

  private final AtomicReference<State> state = new AtomicReference<>(RESTS);
  private final AtomicReference<Optional<String>> problem = new AtomicReference<>(Optional.empty());
  private final List<String> ends = new ArrayList<>();
  private final LostExecutors watch = watch(OptionalInt.of(300));

  private LostExecutors watch(OptionalInt patience) {
    return new LostExecutors(state::get, patience, problem::get, ends::add);
  }

  @Test
  void endsOnceWhereAJobWaitsForTooLong() {
    pass(TRAINS, 10);
    pass(WAITS, 300);
    assertThat(ends).isEmpty();

    pass(WAITS, 400);
    assertThat(ends)
        .containsExactly(
            "All executors are lost, and none has come for 300 s"
                + " (spark.stoker.lostExecutorSeconds has jobs wait longer)");
  }

  @Test
  void saysWhyTheClusterStartsNone() {
    problem.set(Optional.of("Pod a/b stays pending"));
    pass(TRAINS, 1);
    pass(WAITS, 400);
    assertThat(ends.get(0)).contains("for 300 s: Pod a/b stays pending (");
  }

  @Test
  void goesOnWithAnExecutorThatComes() {
    pass(TRAINS, 100);
    pass(WAITS, 299);
    pass(TRAINS, 1);
    pass(WAITS, 299);
    assertThat(ends).isEmpty();
  }

  @Test
  void waitsForTheFirstExecutorAsLongAsItTakesAndSaysSoOnce() {
    try (LogLines log = LogLines.of(LostExecutors.class)) {
      pass(WAITS, 29);
      assertThat(log.lines()).isEmpty();

      pass(WAITS, 3600);
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("No executor has registered yet: the job begins when");
    }
    assertThat(ends).isEmpty();
  }

  @Test
  void endsOnceWhereNoExecutorHasASlot() {
    State noSlot = new State(true, false, true);
    pass(noSlot, 59);
    pass(TRAINS, 1);
    pass(noSlot, 59);
    assertThat(ends).isEmpty();

    pass(noSlot, 400);
    assertThat(ends).containsExactly(RegisteredExecutors.NO_SLOT);
  }

  @Test
  void timeWithoutAJobDoesNotCount() {
    pass(TRAINS, 10);
    pass(RESTS, 3600);
    pass(WAITS, 299);
    assertThat(ends).isEmpty();
  }

  @Test
  void withoutABoundItWaits() {
    LostExecutors patient = watch(OptionalInt.empty());
    pass(patient, TRAINS, 1);
    pass(patient, WAITS, 10_000);
    assertThat(ends).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "10m", "", "1e3", "99999999999"})
  void aTimeThatIsNoneIsRefused(String value) {
    SparkConf conf = new SparkConf(false).set("spark.stoker.lostExecutorSeconds", value);
    assertThatThrownBy(() -> LostExecutors.check(conf))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Invalid spark.stoker.lostExecutorSeconds: %s (a number of seconds from 1 on)", value);
  }

  private void pass(State during, int seconds) {
    pass(watch, during, seconds);
  }

  private void pass(LostExecutors looking, State during, int seconds) {
    state.set(during);
    for (int second = 0; second < seconds; second++) {
      looking.look();
    }
  }
}
