// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.driver.spark.RegisteredExecutor;
import io.stoker.driver.spark.RegisteredExecutors;
import io.stoker.failure.ResourceException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Waits while the executors of a cluster register with the driver, which they do one after the
 * other, some seconds after the driver has started. A decision that more executors could change
 * must not be taken before registration has settled: all executors are there that the configuration
 * asks for, or, where it names no number, none has registered for {@link #QUIET}.
 */
public final class ExecutorRegistration {
  /** Executors that were started together register within a shorter time of each other. */
  static final Duration QUIET = Duration.ofSeconds(5);

  private static final Duration POLL = Duration.ofMillis(100);

  /** How often the cluster is asked why there is no executor. */
  private static final Duration PROBLEM_POLL = Duration.ofSeconds(2);

  /**
   * Spark itself waits for executors as an application starts, for half of this time by default.
   */
  private static final Duration BEGINNING = Duration.ofMinutes(1);

  /** Tells the time and lets it pass. */
  interface Clock {
    /** When the application started. */
    Instant start();

    Instant now();

    void sleep(Duration duration) throws InterruptedException;
  }

  private final Supplier<List<RegisteredExecutor>> executors;
  private final OptionalInt expectedExecutors;
  private final OptionalInt expectedSlots;

  /** Whether all executors are there: a local master's, and those that wait for tasks to run. */
  private final boolean complete;

  private final Clock clock;

  /** Why the cluster does not start executors, if it says why. */
  private final Supplier<Optional<String>> problem;

  /** How long to wait for the first executor while there is such a problem. */
  private final Duration patienceWithProblem;

  ExecutorRegistration(
      Supplier<List<RegisteredExecutor>> executors,
      SparkConf conf,
      boolean local,
      Clock clock,
      Supplier<Optional<String>> problem) {
    this.executors = executors;
    this.problem = problem;
    this.patienceWithProblem = Duration.ofSeconds(PodProblem.patience(conf));
    this.expectedExecutors = expectedExecutors(conf);
    this.expectedSlots = expectedSlots(conf);
    this.complete = local || hasDynamicAllocation(conf);
    this.clock = clock;
  }

  /** The registration of a cluster's executors. */
  public static ExecutorRegistration of(JavaSparkContext spark) {
    return new ExecutorRegistration(
        () -> registered(spark),
        spark.getConf(),
        spark.isLocal(),
        new SystemClock(Instant.ofEpochMilli(spark.sc().startTime())),
        () -> PodProblem.of(spark));
  }

  /** To an application that the cluster has refused or ended, no executor will come. */
  private static List<RegisteredExecutor> registered(JavaSparkContext spark) {
    spark.sc().assertNotStopped();
    return RegisteredExecutors.of(spark);
  }

  private record SystemClock(Instant start) implements Clock {
    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
      TimeUnit.MILLISECONDS.sleep(duration.toMillis());
    }
  }

  /** With dynamic allocation, Spark starts executors when tasks wait for them, and not before. */
  private static boolean hasDynamicAllocation(SparkConf conf) {
    return conf.getBoolean("spark.dynamicAllocation.enabled", false);
  }

  private static OptionalInt expectedExecutors(SparkConf conf) {
    return conf.contains("spark.executor.instances")
        ? OptionalInt.of(conf.getInt("spark.executor.instances", 0))
        : OptionalInt.empty();
  }

  /** A standalone cluster gives at most this number of cores, in whole executors. */
  private static OptionalInt expectedSlots(SparkConf conf) {
    int cores = conf.getInt("spark.cores.max", 0);
    int ofExecutor = conf.getInt("spark.executor.cores", 0);
    if (cores < 1) {
      return OptionalInt.empty();
    }
    int whole = ofExecutor > 0 ? cores - cores % ofExecutor : cores;
    return OptionalInt.of(whole / Math.max(1, conf.getInt("spark.task.cpus", 1)));
  }

  /**
   * Waits until the executors that are there are enough for the caller, or registration has
   * settled.
   *
   * @param enough whether more executors would change nothing for the caller
   * @param patience how long to wait
   * @return the executors that are there then
   */
  public Slots awaitSettled(Predicate<Slots> enough, Duration patience) {
    return await(slots -> enough.test(slots) || isSettled(slots), patience);
  }

  /**
   * Waits until there are some slots, also after registration has settled: other applications may
   * give slots back.
   *
   * @param wanted how many slots
   * @param patience how long to wait
   * @return the executors that are there then
   */
  public Slots awaitSlots(int wanted, Duration patience) {
    return await(slots -> slots.count() >= wanted, patience);
  }

  /**
   * Waits until the executors that are there satisfy the caller, also after registration has
   * settled.
   *
   * @param done whether they do
   * @param patience how long to wait
   * @return the executors that are there then
   * @throws ResourceException if there is no executor, and the cluster says why it starts none
   */
  public Slots await(Predicate<Slots> done, Duration patience) {
    Instant start = clock.now();
    Instant end = start.plus(patience);
    Instant next = start.plus(PROBLEM_POLL);
    Slots slots = new Slots(executors.get());
    try {
      while (!complete && !done.test(slots) && clock.now().isBefore(end)) {
        clock.sleep(POLL);
        slots = new Slots(executors.get());
        if (slots.executors().isEmpty() && !clock.now().isBefore(next)) {
          next = clock.now().plus(PROBLEM_POLL);
          end = latest(end, endWithProblem(start));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return slots;
  }

  /** Until when to wait for the first executor, if the cluster has a reason to start none. */
  private Instant endWithProblem(Instant start) {
    Optional<String> reason = problem.get();
    Instant application = clock.start();
    // The clock may have been set back since.
    boolean beginning = application.isBefore(start) && start.isBefore(application.plus(BEGINNING));
    Instant end = (beginning ? application : start).plus(patienceWithProblem);
    if (reason.isPresent() && !clock.now().isBefore(end)) {
      throw new ResourceException(
          "%s (%s has jobs wait longer)".formatted(reason.get(), PodProblem.SECONDS));
    }
    return reason.isPresent() ? end.plus(PROBLEM_POLL) : start;
  }

  private static Instant latest(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private boolean isSettled(Slots slots) {
    if (slots.executors().isEmpty()) {
      return false;
    }
    if (expectedExecutors.isPresent() || expectedSlots.isPresent()) {
      boolean allExecutors = slots.executors().size() >= expectedExecutors.orElse(0);
      boolean allSlots = slots.count() >= expectedSlots.orElse(0);
      if (allExecutors && allSlots) {
        return true;
      }
    }
    Instant newest =
        slots.executors().stream()
            .map(RegisteredExecutor::since)
            .max(Instant::compareTo)
            .orElseThrow();
    return !newest.plus(QUIET).isAfter(clock.now());
  }
}
