// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.base.PeriodicTask;
import io.stoker.driver.spark.ApplicationEnd;
import io.stoker.driver.spark.RegisteredExecutors;
import io.stoker.failure.InputException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
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

  private static final long PATIENCE = 600;
  private static final Duration POLL = Duration.ofSeconds(1);

  /** A shorter loss is not worth a line. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  /** An application at one moment. */
  record State(boolean hasExecutor, boolean hasJob) {}

  private final Supplier<State> state;
  private final Optional<Duration> patience;
  private final LongSupplier nanoseconds;
  private final Supplier<Optional<String>> problem;
  private final Consumer<String> end;

  /** Whether it has had an executor. */
  private boolean begun;

  /** Since when a job has waited for an executor, if one waits. */
  private OptionalLong since = OptionalLong.empty();

  /** Whether the user was told that it waits. */
  private boolean told;

  /**
   * @param state the application at this moment
   * @param patience how long to wait; empty for as long as it takes
   * @param nanoseconds the clock
   * @param problem why the cluster starts no executor, if it says why
   * @param end ends the application, whose reason it receives
   */
  LostExecutors(
      Supplier<State> state,
      Optional<Duration> patience,
      LongSupplier nanoseconds,
      Supplier<Optional<String>> problem,
      Consumer<String> end) {
    this.state = state;
    this.patience = patience;
    this.nanoseconds = nanoseconds;
    this.problem = problem;
    this.end = end;
  }

  /**
   * Checks the configuration of an application that will be watched.
   *
   * @throws InputException if it has no valid time to wait
   */
  public static void check(SparkConf conf) {
    patience(conf);
  }

  /** With dynamic allocation, executors come and go with the work, and a busy cluster has none. */
  private static Optional<Duration> patience(SparkConf conf) {
    if (!conf.contains(SECONDS)) {
      return conf.getBoolean("spark.dynamicAllocation.enabled", false)
          ? Optional.empty()
          : Optional.of(Duration.ofSeconds(PATIENCE));
    }
    String value = conf.get(SECONDS);
    if (!value.matches("[1-9]\\d{0,8}")) {
      throw new InputException(
          "Invalid %s: %s (a number of seconds from 1 on)".formatted(SECONDS, value));
    }
    return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
  }

  /** Watches an application, until that is closed. */
  public static PeriodicTask watch(JavaSparkContext spark) {
    LostExecutors watch =
        new LostExecutors(
            () -> stateOf(spark),
            patience(spark.getConf()),
            System::nanoTime,
            () -> PodProblem.of(spark),
            reason -> ApplicationEnd.end(spark.sc(), reason));
    return PeriodicTask.start(
        "stoker-executors", POLL, watch::look, e -> LOG.debug("Cannot see executors", e));
  }

  /** An executor that was told to leave may still run tasks. */
  private static State stateOf(JavaSparkContext spark) {
    return new State(
        RegisteredExecutors.isThereAny(spark), spark.statusTracker().getActiveJobIds().length > 0);
  }

  /** Tells the user that the application waits, and ends it after too long a time. */
  void look() {
    State now = state.get();
    begun |= now.hasExecutor();
    if (!begun || now.hasExecutor() || !now.hasJob()) {
      if (told && now.hasExecutor()) {
        LOG.warn("An executor is there: the job goes on");
      }
      since = OptionalLong.empty();
      told = false;
      return;
    }
    if (since.isEmpty()) {
      since = OptionalLong.of(nanoseconds.getAsLong());
    }
    Duration waited = Duration.ofNanos(nanoseconds.getAsLong() - since.getAsLong());
    if (patience.isPresent() && waited.compareTo(patience.get()) >= 0) {
      begun = false; // It ends once.
      end.accept(
          String.format(
              Locale.ROOT,
              "All executors are lost, and none has come for %d s%s (%s has jobs wait longer)",
              waited.toSeconds(),
              reason(),
              SECONDS));
    } else if (!told && waited.compareTo(QUIET) >= 0) {
      LOG.warn(
          "No executor is left{}: the job goes on when the cluster starts one{}",
          reason(),
          patience
              .map(most -> ", and ends if none comes within " + most.toSeconds() + " s")
              .orElse(""));
      told = true;
    }
  }

  private String reason() {
    return problem.get().map(": "::concat).orElse("");
  }
}
