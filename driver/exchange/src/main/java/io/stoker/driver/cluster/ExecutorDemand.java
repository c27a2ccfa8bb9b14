// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.base.PeriodicTask;
import io.stoker.driver.spark.DriverEndpoint;
import io.stoker.driver.spark.DriverQuestions;
import io.stoker.driver.spark.DriverTraffic;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.RegisteredExecutor;
import io.stoker.driver.spark.RegisteredExecutors;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has Spark start executors for all workers of a job. With dynamic allocation, Spark starts one
 * when tasks have waited for a slot for a second, which those of short rounds never do. Here each
 * worker's task holds a slot until all of them have one.
 */
public final class ExecutorDemand {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorDemand.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /** How long an executor may take to start after the one before. */
  private static final Duration QUIET = Duration.ofSeconds(15);

  /** Of the job and of the endpoint that its tasks ask. */
  private final String tag = "stoker-demand-" + UUID.randomUUID();

  private final JavaSparkContext spark;
  private final int tasks;
  private final Duration quiet;
  private final Instant start = Instant.now();
  private final Instant end;

  /** By task, how its question is answered; a task that runs twice asks twice. */
  @GuardedBy("this") private final Map<Integer, DriverEndpoint.Reply> waiting = new HashMap<>();

  @GuardedBy("this") private boolean isComplete;

  @GuardedBy("this") private boolean isOver;

  /** Whether no executor came, so that no task will ask. */
  @GuardedBy("this") private boolean isCancelled;

  private ExecutorDemand(JavaSparkContext spark, int tasks, Duration quiet, Duration patience) {
    this.spark = spark;
    this.tasks = tasks;
    this.quiet = quiet;
    this.end = start.plus(patience);
  }

  /** Whether Spark starts executors when tasks wait for them, and not before. */
  public static boolean isDynamic(JavaSparkContext spark) {
    return !spark.isLocal() && spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false);
  }

  /**
   * Waits until some tasks run at the same time, or no further executor comes.
   *
   * @param patience how long to wait at most
   */
  public static void awaitSettled(JavaSparkContext spark, int tasks, Duration patience) {
    new ExecutorDemand(spark, tasks, QUIET, patience).await();
  }

  /**
   * Waits until some tasks run at the same time.
   *
   * @param patience how long to wait at most
   * @return whether all of them ran at the same time
   */
  public static boolean await(JavaSparkContext spark, int tasks, Duration patience) {
    return new ExecutorDemand(spark, tasks, patience, patience).await();
  }

  private boolean await() {
    String name = tag;
    DriverEndpoint endpoint =
        new DriverEndpoint(name, new DriverTraffic(spark.isLocal()), this::receive);
    PeriodicTask timer =
        PeriodicTask.start(
            "stoker-demand", POLL, this::check, e -> LOG.warn("Cannot await executors", e));
    try (endpoint;
        timer) {
      spark.sc().setJobDescription("wait for a slot for each of " + tasks + " workers");
      spark.sc().addJobTag(tag);
      Jobs.elements(
          new NumberedTasks<>(
              spark,
              tasks,
              task -> {
                byte[] number = ByteBuffer.allocate(Integer.BYTES).putInt(task).array();
                return new DriverQuestions(name, TaskContext.get()).ask(number).length;
              }));
    } catch (Exception e) { // Spark does not declare what it throws.
      if (!isCancelled()) {
        throw e;
      }
    } finally {
      spark.sc().removeJobTag(tag);
    }
    return isComplete();
  }

  private synchronized boolean isCancelled() {
    return isCancelled;
  }

  private synchronized boolean isComplete() {
    return isComplete;
  }

  private synchronized void receive(byte[] question, DriverEndpoint.Reply reply) {
    if (isOver) {
      reply.send(new byte[0]);
      return;
    }
    waiting.put(ByteBuffer.wrap(question).getInt(), reply);
    if (waiting.size() == tasks) {
      isComplete = true;
      release();
    }
  }

  private void check() {
    List<RegisteredExecutor> executors = RegisteredExecutors.of(spark);
    Instant last =
        executors.stream()
            .map(RegisteredExecutor::since)
            .reduce(start, (one, other) -> one.isAfter(other) ? one : other);
    Instant now = Instant.now();
    if ((!executors.isEmpty() && now.isAfter(last.plus(quiet))) || now.isAfter(end)) {
      synchronized (this) {
        release();
        isCancelled |= executors.isEmpty();
      }
    }
    if (isCancelled()) {
      spark.sc().cancelJobsWithTag(tag);
    }
  }

  @GuardedBy("this") private void release() {
    isOver = true;
    waiting.values().forEach(reply -> reply.send(new byte[0]));
    waiting.clear();
  }
}
