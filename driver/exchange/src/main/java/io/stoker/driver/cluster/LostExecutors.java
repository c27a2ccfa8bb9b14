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

  /** Clusters that start executors on demand take as long. */
  private static final int UNTIL_FIRST = 30;

  private static final Duration SECOND = Duration.ofSeconds(1);

  /** For how many seconds executors are waited for that have a slot. */
  private static final int WITHOUT_SLOT = 60;

  /**
   * An application at one moment.
   *
   * @param hasExecutor whether an executor is there
   * @param hasSlot whether one of them has a slot for a task, busy or not
   * @param hasJob whether a job runs
   */
  record State(boolean hasExecutor, boolean hasSlot, boolean hasJob) {}

  private final Supplier<State> state;
  private final OptionalInt patience;
  private final Supplier<Optional<String>> problem;
  private final Consumer<String> end;

  /** Whether it has had an executor. */
  private boolean begun;

  /** Whether this object has ended it. */
  private boolean ended;

  /**
   * For how many seconds a job has waited for an executor. They are counted, because a process that
   * was suspended has not waited.
   */
  private int waited;

  /** For how many seconds a job has waited for the first executor. */
  private int withoutFirst;

  /** For how many seconds a job has had executors, and none with a slot. */
  private int withoutSlot;

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
        RegisteredExecutors.isThereAny(spark),
        RegisteredExecutors.mayHaveSlot(spark),
        spark.statusTracker().getActiveJobIds().length > 0);
  }

  /** Called each second: tells the user that the application waits, and ends it after too long. */
  void look() {
    if (ended) {
      return;
    }
    State now = state.get();
    begun |= now.hasExecutor();
    lookForFirst(now);
    lookForSlots(now);
    if (!begun || now.hasExecutor() || !now.hasJob()) {
      if (now.hasExecutor() && waited > QUIET) {
        LOG.warn("An executor is there: the job goes on");
      }
      waited = 0;
      return;
    }
    if (patience.isPresent() && waited >= patience.getAsInt()) {
      end(
          "All executors are lost, and none has come for %s s%s (%s has jobs wait longer)"
              .formatted(patience.getAsInt(), reason(), SECONDS));
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

  /** Where no executor has come, the application waits as Spark does, perhaps for another one. */
  private void lookForFirst(State now) {
    withoutFirst = !begun && now.hasJob() ? withoutFirst + 1 : 0;
    if (withoutFirst == UNTIL_FIRST) {
      LOG.warn(
          "No executor has registered yet{}: the job begins when the cluster starts one with"
              + " --executor-memory and --executor-cores (./stoker doctor tells what is missing, and"
              + " the logs of its machines why one has ended)",
          reason());
    }
  }

  private void lookForSlots(State now) {
    withoutSlot = now.hasExecutor() && !now.hasSlot() && now.hasJob() ? withoutSlot + 1 : 0;
    if (withoutSlot == WITHOUT_SLOT) {
      end(RegisteredExecutors.NO_SLOT);
    }
  }

  private void end(String why) {
    ended = true;
    end.accept(why);
  }

  private String reason() {
    return problem.get().map(": "::concat).orElse("");
  }
}
