// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An application is ended, with a reason, if none of its executors can start. */
class UnusableExecutorsTest {
  private static final String REASON = "Unable to create executor due to no heap";

  private final List<String> ends = new ArrayList<>();
  private final UnusableExecutors watch = new UnusableExecutors(ends::add);

  @Test
  void endsWhenEachHasEndedTwice() {
    add(0, 1, 2);
    remove(10, 1, REASON);
    add(11, 3);
    remove(12, 2, REASON);
    add(13, 4);
    remove(21, 3, REASON);
    assertThat(ends).isEmpty();

    remove(23, 4, "Worker shutting down");
    assertThat(ends).isEmpty();
    add(24, 5);
    remove(34, 5, REASON);
    remove(34, 6, REASON);

    assertThat(ends).containsExactly(UnusableExecutors.explain("no heap"));
  }

  @Test
  void goesOnWhereOneOfManyNodesIsSo() {
    add(0, 1, 2, 3);
    for (int time = 10; time < 60; time += 10) {
      remove(time, 3, REASON);
      add(time, 3);
    }
    remove(60, 3, REASON);

    assertThat(ends).as("executors 1 and 2 have lived for a minute").isEmpty();
  }

  private void add(int second, int... executors) {
    for (int executor : executors) {
      watch.onExecutorAdded(
          new SparkListenerExecutorAdded(1000L * second, String.valueOf(executor), null));
    }
  }

  private void remove(int second, int executor, String reason) {
    watch.onExecutorRemoved(
        new SparkListenerExecutorRemoved(1000L * second, String.valueOf(executor), reason));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Unable to register with external shuffle server due to : Failed to connect to /10.0.0.7:7337"
            + "|server: Failed to connect to /10.0.0.7:7337; start Spark's external shuffle service",
        "/w/1_cache -> ./stoker.jar: No space left on device|No space left on device; free some in",
        "Java heap space|Java heap space; the executors' logs say more"
      })
  void theLineHasSparksReasonAndARemedy(String why, String said) {
    assertThat(UnusableExecutors.explain(why + "\nat org.apache.spark.Some.method"))
        .startsWith("Executors cannot start: ")
        .contains(said)
        .doesNotContain("\n");
  }
}
