// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.base.PeriodicTask;
import io.stoker.driver.spark.ApplicationEnd;
import io.stoker.driver.spark.RegisteredExecutors;
import io.stoker.failure.Check;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends an application that has lost all executors, and gets no other one for too long while a job
 * of Spark's waits for one, as where the whole cluster was stopped. Spark would wait for ever, and
 * say nothing.
 */
public final class LostExecutors {
  private static final Logger LOG = LoggerFactory.getLogger(LostExecutors.class);

  /** The setting for how many seconds to wait. */
  private static final String SECONDS = "spark.stoker.lostExecutorSeconds";

  private static final int PATIENCE = 600;

  /** A shorter loss is not worth a line. */
  private static final int QUIET = 10;

  private static final Duration SECOND = Duration.ofSeconds(1);

  /** An application at one moment. */
  record State(boolean hasExecutor, boolean hasJob) {}

  private final Supplier<State> state;
  private final OptionalInt patience;
  private final Supplier<Optional<String>> problem;
  private final Consumer<String> end;

  /** Whether it has had an executor. */
  private boolean begun;

  /**
   * For how many seconds a job has waited for an executor. They are counted, because a process that
   * was suspended has not waited.
   */
  private int waited;

  /**
   * @param state the application at this moment
   * @param patience how many seconds to wait; empty for as long as it takes
   * @param problem why the cluster starts no executor, if it says why
   * @param end ends the application, whose reason it receives
   */
  LostExecutors(
      Supplier<State> state,
      OptionalInt patience,
      Supplier<Optional<String>> problem,
      Consumer<String> end) {
    this.state = state;
    this.patience = patience;
    this.problem = problem;
    this.end = end;
  }

  /**
   * Checks the configuration of an application that will be watched.
   *
   * @throws io.stoker.failure.InputException if it has no valid time to wait
   */
  public static void check(SparkConf conf) {
    String value = conf.get(SECONDS, String.valueOf(PATIENCE));
    Check.input(
        value.matches("[1-9]\\d{0,8}"),
        "Invalid %s: %s (a number of seconds from 1 on)",
        SECONDS,
        value);
  }

  /** With dynamic allocation, executors come and go with the work, and a busy cluster has none. */
  private static OptionalInt patience(JavaSparkContext spark) {
    return ExecutorDemand.isDynamic(spark) && !spark.getConf().contains(SECONDS)
        ? OptionalInt.empty()
        : OptionalInt.of(spark.getConf().getInt(SECONDS, PATIENCE));
  }

  /** Watches an application, until that is closed. */
  public static PeriodicTask watch(JavaSparkContext spark) {
    LostExecutors watch =
        new LostExecutors(
            () -> stateOf(spark),
            patience(spark),
            () -> PodProblem.of(spark),
            reason -> ApplicationEnd.end(spark.sc(), reason));
    return PeriodicTask.start(
        "stoker-executors", SECOND, watch::look, e -> LOG.debug("Cannot see executors", e));
  }

  /** An executor that was told to leave may still run tasks. */
  private static State stateOf(JavaSparkContext spark) {
    return new State(
        RegisteredExecutors.isThereAny(spark), spark.statusTracker().getActiveJobIds().length > 0);
  }

  /** Called each second: tells the user that the application waits, and ends it after too long. */
  void look() {
    State now = state.get();
    begun |= now.hasExecutor();
    if (!begun || now.hasExecutor() || !now.hasJob()) {
      if (now.hasExecutor() && waited > QUIET) {
        LOG.warn("An executor is there: the job goes on");
      }
      waited = 0;
      return;
    }
    if (patience.isPresent() && waited >= patience.getAsInt()) {
      end.accept(
          "All executors are lost, and none has come for %s s%s (%s has jobs wait longer)"
              .formatted(patience.getAsInt(), reason(), SECONDS));
      begun = false; // It ends once.
    } else if (waited == QUIET) {
      LOG.warn(
          "No executor is left{}: the job goes on when the cluster starts one{}",
          reason(),
          patience.isPresent()
              ? ", and ends if none comes within " + patience.getAsInt() + " s of the loss"
              : "");
    }
    waited++;
  }

  private String reason() {
    return problem.get().map(": "::concat).orElse("");
  }
}
