// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An application is ended, with a reason, if its executors are lost and none comes. */
class LostExecutorsTest {
  private final List<String> ends = new ArrayList<>();
  private final AtomicLong now = new AtomicLong();
  private final LostExecutors watch = new LostExecutors(Duration.ofMinutes(5), now::get, ends::add);

  /** Ends its timer. */
  @AfterEach
  void endApplication() {
    watch.onApplicationEnd(new SparkListenerApplicationEnd(0));
  }

  @Test
  void endsOnceWhereAJobWaitsForTooLong() {
    executorComes("0");
    jobBegins(0);
    executorGoes("0");
    pass(299);
    assertThat(ends).isEmpty();

    pass(1);
    pass(300);
    assertThat(ends)
        .containsExactly(
            "All executors were lost, and none has come for 300 s: start the cluster's workers"
                + " again (spark.stoker.executorSeconds has jobs wait longer)");
  }

  @Test
  void goesOnWithAnExecutorThatComes() {
    executorComes("0");
    executorComes("1");
    jobBegins(0);
    executorGoes("0");
    pass(400);
    executorGoes("1");
    pass(200);
    executorComes("2");
    pass(200);
    executorGoes("2");
    pass(200);
    assertThat(ends).as("for 200 s, twice").isEmpty();
  }

  @Test
  void waitsForTheFirstExecutorAsLongAsItTakes() {
    jobBegins(0);
    pass(3600);
    assertThat(ends).isEmpty();
  }

  /** With dynamic allocation, executors go when there is nothing to do. */
  @Test
  void timeWithoutAJobDoesNotCount() {
    executorComes("0");
    jobBegins(0);
    jobEnds(0);
    executorGoes("0");
    pass(3600);
    jobBegins(1);
    pass(200);
    assertThat(ends).isEmpty();

    pass(200);
    assertThat(ends).hasSize(1);
  }

  private void pass(int seconds) {
    now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    watch.check();
  }

  private void executorComes(String id) {
    watch.onExecutorAdded(new SparkListenerExecutorAdded(0, id, null));
  }

  private void executorGoes(String id) {
    watch.onExecutorRemoved(new SparkListenerExecutorRemoved(0, id, "lost"));
  }

  private void jobBegins(int id) {
    watch.onJobStart(new SparkListenerJobStart(id, 0, Scala.seq(List.of()), new Properties()));
  }

  private void jobEnds(int id) {
    watch.onJobEnd(new SparkListenerJobEnd(id, 0, JobSucceeded$.MODULE$));
  }
}
