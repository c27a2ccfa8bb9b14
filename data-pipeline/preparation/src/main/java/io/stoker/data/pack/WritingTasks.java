// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs Spark jobs that write files, so that what they wrote can be deleted afterwards. Spark
 * reports a failure while other tasks of the job still run, and a success while a second copy of a
 * task does; these make folders again that were deleted before they end.
 */
public final class WritingTasks {
  /** How long tasks of a job that has ended may take to end. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration PAUSE = Duration.ofMillis(20);

  /** The local property by which jobs are known. */
  private static final String JOB = "stoker.writing";

  private static final Logger LOG = LoggerFactory.getLogger(WritingTasks.class);

  private WritingTasks() {}

  /** What writes. */
  @FunctionalInterface
  public interface Writing<T, E extends Exception> {
    T run() throws E;
  }

  /**
   * Runs jobs, and waits up to 10 s until none of their tasks runs.
   *
   * @param spark where they run
   * @param writing starts them on this thread, or on threads that have its local properties
   * @return what {@code writing} returns
   * @throws E what {@code writing} throws
   */
  public static <T, E extends Exception> T run(SparkContext spark, Writing<T, E> writing) throws E {
    Running running = new Running(UUID.randomUUID().toString());
    String before = spark.getLocalProperty(JOB);
    spark.setLocalProperty(JOB, running.job);
    spark.addSparkListener(running);
    try {
      T result = writing.run();
      running.awaitEnd(() -> {}); // All tasks of a job that has succeeded have started.
      return result;
    } catch (Exception | Error e) {
      running.awaitEnd(() -> spark.listenerBus().waitUntilEmpty(PATIENCE.toMillis()));
      throw e;
    } finally {
      spark.removeSparkListener(running);
      spark.setLocalProperty(JOB, before);
    }
  }

  /** The tasks of the jobs that run now. Spark reports the start of all before the failure. */
  private static final class Running extends SparkListener {
    private final String job;
    private final Set<Integer> stages = new HashSet<>();
    private final Set<Long> tasks = new HashSet<>();

    private Running(String job) {
      this.job = job;
    }

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
      if (submitted.properties() != null && job.equals(submitted.properties().getProperty(JOB))) {
        stages.add(submitted.stageInfo().stageId());
      }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
      if (stages.contains(start.stageId())) {
        tasks.add(start.taskInfo().taskId());
      }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
      tasks.remove(end.taskInfo().taskId());
    }

    private synchronized int count() {
      return tasks.size();
    }

    /**
     * Waits until none of the tasks runs.
     *
     * @param starts waits until the starts of all of them are known
     */
    private void awaitEnd(Wait starts) {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      try {
        starts.run();
        while (count() > 0 && System.nanoTime() < deadline) {
          Thread.sleep(PAUSE.toMillis());
        }
        if (count() > 0) {
          LOG.warn("{} tasks still run, and may write again what is deleted now", count());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // What led here is what is to be reported.
      } catch (TimeoutException e) {
        LOG.warn("Spark does not say whether tasks that write still run: {}", e.toString());
      }
    }
  }

  private interface Wait {
    void run() throws TimeoutException;
  }
}
