// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.base.PeriodicTask;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends an application that has lost all executors, and gets no other one for too long while a job
 * of Spark's waits for one, as where the whole cluster was stopped. Spark would wait for ever, and
 * say nothing.
 */
final class LostExecutors extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(LostExecutors.class);

  /** An executor of a cluster that replaces them comes within a shorter time. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  /** A job of Spark's that waits. */
  private record Wait(long since, PeriodicTask timer) {}

  private final Duration patience;
  private final LongSupplier nanoseconds;
  private final Consumer<String> end;

  @GuardedBy("this") private final Set<String> executors = new HashSet<>();

  @GuardedBy("this") private final Set<Integer> jobs = new HashSet<>();

  /** Whether the user was told that the application waits. */
  @GuardedBy("this") private boolean told;

  /** Whether it has had an executor. */
  @GuardedBy("this") private boolean begun;

  @GuardedBy("this") private Optional<Wait> wait = Optional.empty();

  /**
   * @param patience how long to wait
   * @param nanoseconds the clock
   * @param end ends the application, whose reason it receives; it is called once
   */
  LostExecutors(Duration patience, LongSupplier nanoseconds, Consumer<String> end) {
    this.patience = patience;
    this.nanoseconds = nanoseconds;
    this.end = end;
  }

  @Override
  public synchronized void onExecutorAdded(SparkListenerExecutorAdded executor) {
    executors.add(executor.executorId());
    begun = true;
    changed();
  }

  @Override
  public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved executor) {
    executors.remove(executor.executorId());
    changed();
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    jobs.add(job.jobId());
    changed();
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd job) {
    jobs.remove(job.jobId());
    changed();
  }

  @Override
  public synchronized void onApplicationEnd(SparkListenerApplicationEnd application) {
    jobs.clear();
    changed();
  }

  @GuardedBy("this") private void changed() {
    boolean waits = begun && executors.isEmpty() && !jobs.isEmpty();
    if (waits == wait.isPresent()) {
      return;
    }
    if (waits) {
      Duration period = patience.compareTo(QUIET) < 0 ? patience : QUIET;
      PeriodicTask timer =
          PeriodicTask.start(
              "stoker-executors", period, this::check, e -> LOG.warn("Cannot await executors", e));
      wait = Optional.of(new Wait(nanoseconds.getAsLong(), timer));
      return;
    }
    wait.orElseThrow().timer().close();
    wait = Optional.empty();
    if (told && !executors.isEmpty()) {
      LOG.warn("An executor has come: the job goes on");
    }
    told = false;
  }

  /** Tells the user that the application waits, and ends it after too long a time. */
  synchronized void check() {
    if (wait.isEmpty()) {
      return;
    }
    if (nanoseconds.getAsLong() - wait.get().since() >= patience.toNanos()) {
      jobs.clear();
      changed();
      end.accept(
          String.format(
              Locale.ROOT,
              "All executors were lost, and none has come for %d s: start the cluster's workers"
                  + " again (%s has jobs wait longer)",
              patience.toSeconds(),
              ApplicationEnd.SECONDS));
    } else if (!told) {
      LOG.warn(
          "All executors were lost: the job goes on when the cluster starts one, and ends if none"
              + " comes within {} s ({})",
          patience.toSeconds(),
          ApplicationEnd.SECONDS);
      told = true;
    }
  }
}
